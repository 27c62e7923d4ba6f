import type { Suite } from '../suite.js';

const S3REC = 'S3-Rec, CIKM 2020, full-ranking table; also in TIGER, Table 1';
const TIGER = 'TIGER, arXiv 2305.05065, Table 1';
const NOTE = 'masking of the history not stated';

/** Sequential recommenders on Amazon Beauty, the sequences of S3-Rec. */
export const beautySequential: Suite = {
  name: 'beauty-sequential',
  title: 'Amazon Beauty 2014, 5-core, S3-Rec sequences: sequential recommenders (22,363 users, 12,101 items)',
  data: 'beauty',
  split: 'leave-one-out',
  metrics: ['ndcg@10', 'hr@10', 'ndcg@5', 'hr@5', 'coverage@10'],
  selectBy: 'ndcg@10',
  seeds: [0],
  systems: [
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy',
      options: { epochs: 40, dropout: 0.5, learningRate: 0.002, patience: 4 },
    },
  ],
  published: [
    {
      system: 'SASRec, BCE',
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
