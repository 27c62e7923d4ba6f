import type { Suite } from '../suite.js';

const NUMPY = 'independent numpy run of the same definitions and protocol';

/** Classic recommenders on the bundled data. */
export const movietweetingsClassic: Suite = {
  name: 'movietweetings-classic',
  title: 'MovieTweetings 100K, 5-core (4,333 users, 2,414 films, 68,055 ratings)',
  data: 'bundled',
  split: 'leave-one-out',
  metrics: ['ndcg@10', 'hr@10', 'mrr@10', 'coverage@10'],
  selectBy: 'ndcg@10',
  seeds: [0, 1, 2],
  systems: [
    { system: 'random' },
    { system: 'popularity' },
    { system: 'popularity', label: 'popularity, recent', tune: { halfLifeDays: [3, 7, 14, 30, 60] } },
    { system: 'item-knn', label: 'item-knn 200', options: { neighbours: 200 } },
    {
      system: 'item-knn',
      label: 'item-knn, tuned',
      tune: { neighbours: [50, 100, 200, 400], shrinkage: [0, 5, 20] },
    },
    {
      system: 'user-knn',
      label: 'user-knn, tuned',
      tune: { neighbours: [50, 100, 200, 400], shrinkage: [0, 5] },
    },
    { system: 'ease', label: 'ease 500', options: { lambda: 500 } },
    { system: 'ease', label: 'ease, tuned', tune: { lambda: [30, 100, 250, 500, 1000] } },
    {
      system: 'ials',
      label: 'ials, tuned',
      tune: { factors: [64], alpha: [0.5, 1, 2], lambda: [20, 40, 80] },
    },
    {
      system: 'bpr',
      label: 'bpr, tuned',
      tune: { factors: [64], learningRate: [0.02, 0.05], regularisation: [0.01, 0.05], epochs: [30, 60] },
    },
    { system: 'bm25' },
  ],
  published: [
    {
      system: 'popularity',
      metrics: { 'hr@10': { mean: 0.1502 }, 'ndcg@10': { mean: 0.0767 } },
      source: NUMPY,
      note: 'counts of training and validation',
    },
    {
      system: 'ItemKNN cosine 200',
      metrics: { 'hr@10': { mean: 0.1694 }, 'ndcg@10': { mean: 0.0899 } },
      source: NUMPY,
    },
    { system: 'EASE 500', metrics: { 'hr@10': { mean: 0.1689 }, 'ndcg@10': { mean: 0.089 } }, source: NUMPY },
  ],
};
