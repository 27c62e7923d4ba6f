import type { Suite } from '../suite.js';
import { BEAUTY_PUBLISHED } from './beauty-published.js';

const NUMPY = 'independent numpy run of the same definitions and protocol';

/** Classic recommenders on Amazon Beauty, the sequences of S3-Rec. */
export const beautyClassic: Suite = {
  name: 'beauty-classic',
  title: 'Amazon Beauty 2014, 5-core, S3-Rec sequences (22,363 users, 12,101 items, 198,502 interactions)',
  data: 'beauty',
  split: 'leave-one-out',
  metrics: ['ndcg@10', 'hr@10', 'ndcg@5', 'hr@5', 'coverage@10'],
  selectBy: 'ndcg@10',
  seeds: [0, 1, 2],
  systems: [
    { system: 'popularity' },
    { system: 'item-knn', label: 'item-knn 200', options: { neighbours: 200 } },
    { system: 'item-knn', label: 'item-knn, tuned', tune: { neighbours: [50, 100, 200], shrinkage: [0, 5] } },
    { system: 'user-knn', options: { neighbours: 200 } },
    { system: 'ease', label: 'ease 50', options: { lambda: 50 } },
    { system: 'bm25', options: {} },
  ],
  published: [
    {
      system: 'popularity',
      metrics: { 'hr@10': { mean: 0.013 }, 'ndcg@10': { mean: 0.0059 } },
      source: NUMPY,
      note: 'counts of training and validation',
    },
    {
      system: 'ItemKNN cosine 200',
      metrics: { 'hr@10': { mean: 0.0557 }, 'ndcg@10': { mean: 0.0319 } },
      source: NUMPY,
    },
    {
      system: 'EASE 50',
      metrics: {
        'hr@10': { mean: 0.0699 },
        'ndcg@10': { mean: 0.0386 },
        'hr@5': { mean: 0.0477 },
        'ndcg@5': { mean: 0.0315 },
      },
      source: NUMPY,
    },
    ...BEAUTY_PUBLISHED,
  ],
};
