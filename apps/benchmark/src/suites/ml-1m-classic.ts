import type { Suite } from '../suite.js';

const NUMPY = 'independent numpy run of the same definitions and protocol';
const PALR = 'PALR, arXiv 2305.07622, Table 2';

/** Classic recommenders on MovieLens 1M, films with at least 5 ratings. */
export const ml1mClassic: Suite = {
  name: 'ml-1m-classic',
  title: 'MovieLens 1M, films with at least 5 ratings (6,040 users, 3,416 films, 999,611 ratings)',
  data: 'ml-1m',
  filter: { minimumItemCount: 5 },
  split: 'leave-one-out',
  metrics: ['ndcg@10', 'hr@10', 'mrr@10', 'coverage@10'],
  selectBy: 'ndcg@10',
  seeds: [0, 1, 2],
  systems: [
    { system: 'popularity' },
    { system: 'item-knn', label: 'item-knn 200', options: { neighbours: 200 } },
    { system: 'item-knn', label: 'item-knn, tuned', tune: { neighbours: [20, 50, 100, 200] } },
    { system: 'user-knn', label: 'user-knn, tuned', tune: { neighbours: [50, 100, 200] } },
    { system: 'ease', label: 'ease 500', options: { lambda: 500 } },
    { system: 'ease', label: 'ease, tuned', tune: { lambda: [100, 250, 500, 1000] } },
    { system: 'ials', options: { factors: 64, alpha: 5, lambda: 30, iterations: 8 } },
    { system: 'bpr', options: { factors: 64, learningRate: 0.02, epochs: 20 } },
  ],
  published: [
    {
      system: 'popularity',
      metrics: { 'hr@10': { mean: 0.0392 }, 'ndcg@10': { mean: 0.0193 } },
      source: NUMPY,
      note: 'counts of training and validation',
    },
    {
      system: 'ItemKNN cosine 200',
      metrics: { 'hr@10': { mean: 0.0811 }, 'ndcg@10': { mean: 0.0407 } },
      source: NUMPY,
    },
    {
      system: 'EASE 500',
      metrics: { 'hr@10': { mean: 0.1083 }, 'ndcg@10': { mean: 0.0543 } },
      source: NUMPY,
    },
    { system: 'BPR-MF', metrics: { 'hr@10': { mean: 0.0354 }, 'ndcg@10': { mean: 0.0158 } }, source: PALR },
  ],
};
