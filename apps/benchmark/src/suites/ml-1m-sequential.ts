import type { Suite } from '../suite.js';

const RECIPE = 'antklen/sasrec-bert4rec-recsys23';
const OTHER = 'leave-one-out, full ranking; their own filter of items';

const TRAINING = {
  maxLength: 200,
  batchSize: 64,
  learningRate: 0.002,
  warmUpSteps: 300,
  decay: 'cosine',
};

/** Sequential recommenders on MovieLens 1M. */
export const ml1mSequential: Suite = {
  name: 'ml-1m-sequential',
  title: 'MovieLens 1M, films with at least 5 ratings: sequential recommenders (6,040 users, 3,416 films)',
  data: 'ml-1m',
  filter: { minimumItemCount: 5 },
  split: 'leave-one-out',
  metrics: ['ndcg@10', 'hr@10', 'mrr@10', 'coverage@10'],
  selectBy: 'ndcg@10',
  seeds: [0],
  systems: [
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy',
      options: {
        epochs: 80,
        ...TRAINING,
        patience: 20,
      },
    },
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy among unseen films',
      options: {
        epochs: 55,
        heads: 1,
        dropout: 0.15,
        competitors: 'unseen',
        itemDeviation: 0.02,
        ...TRAINING,
        patience: 30,
      },
    },
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy, small start, weight decay',
      options: {
        epochs: 80,
        itemDeviation: 0.02,
        weightDecay: 0.1,
        ...TRAINING,
        patience: 30,
      },
    },
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy, small start, one head, less dropout',
      options: {
        epochs: 70,
        heads: 1,
        dropout: 0.1,
        itemDeviation: 0.02,
        ...TRAINING,
        patience: 30,
      },
    },
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy, small start, random stretches',
      options: {
        epochs: 90,
        itemDeviation: 0.02,
        windows: 'random',
        ...TRAINING,
        patience: 20,
      },
    },
    {
      system: 'sasrec',
      label: 'SASRec, BCE',
      options: {
        epochs: 150,
        loss: 'bce',
        itemDeviation: 0.02,
        dropout: 0.1,
        ...TRAINING,
        learningRate: 0.003,
        patience: 40,
      },
    },
  ],
  published: [
    {
      system: 'SASRec, cross-entropy',
      metrics: { 'hr@10': { mean: 0.3152 }, 'ndcg@10': { mean: 0.1821 } },
      source: RECIPE,
      note: OTHER,
    },
    {
      system: 'SASRec, BCE',
      metrics: { 'hr@10': { mean: 0.25 }, 'ndcg@10': { mean: 0.1341 } },
      source: RECIPE,
      note: OTHER,
    },
    {
      system: 'BERT4Rec',
      metrics: { 'hr@10': { mean: 0.2843 }, 'ndcg@10': { mean: 0.1537 } },
      source: RECIPE,
      note: OTHER,
    },
    {
      system: 'SASRec',
      metrics: { 'hr@10': { mean: 0.1978 }, 'ndcg@10': { mean: 0.1192 } },
      source: 'PALR, arXiv 2305.07622, Table 2',
    },
    ...[
      { system: 'SASRec, sampled softmax', hr: 0.2929, ndcg: 0.1684 },
      { system: 'eSASRec', hr: 0.3133, ndcg: 0.1772 },
      { system: 'FuXi-alpha', hr: 0.3164, ndcg: 0.1813 },
    ].map(({ system, hr, ndcg }) => ({
      system,
      metrics: { 'hr@10': { mean: hr }, 'ndcg@10': { mean: ndcg } },
      source: 'eSASRec, RecSys 2025, README of blondered/transformer_benchmark',
      note: 'their order of equal times; masking of the history not stated',
    })),
  ],
};
