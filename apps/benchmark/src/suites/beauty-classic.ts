import type { Suite } from '../suite.js';

const NUMPY = 'independent numpy run of the same definitions and protocol';
const S3REC = 'S3-Rec, CIKM 2020, full-ranking table; also in TIGER, Table 1';
const TIGER = 'TIGER, arXiv 2305.05065, Table 1';
const NOTE = 'masking of the history not stated';

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
    {
      system: 'SASRec',
      metrics: {
        'hr@10': { mean: 0.0605 },
        'ndcg@10': { mean: 0.0318 },
        'hr@5': { mean: 0.0387 },
        'ndcg@5': { mean: 0.0249 },
      },
      source: S3REC,
      note: NOTE,
    },
    {
      system: 'TIGER',
      metrics: {
        'hr@10': { mean: 0.0648 },
        'ndcg@10': { mean: 0.0384 },
        'hr@5': { mean: 0.0454 },
        'ndcg@5': { mean: 0.0321 },
      },
      source: TIGER,
      note: NOTE,
    },
  ],
};
