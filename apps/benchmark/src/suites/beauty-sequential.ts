import type { Suite } from '../suite.js';
import { BEAUTY_PUBLISHED } from './beauty-published.js';
import { codesAlone } from './codes-alone.js';

const BCE = { epochs: 80, dropout: 0.5, loss: 'bce' };
/** Small vectors at the start and decay of the weights, which sparse data with few negatives need. */
const SLOW_LEARNERS = {
  itemDeviation: 0.02,
  weightDecay: 0.1,
  learningRate: 0.003,
  warmUpSteps: 200,
  decay: 'cosine',
  patience: 40,
};
/** The recipe of eSASRec's benchmark for Beauty, with negatives that a step shares. */
const ESASREC = {
  loss: 'sampled-softmax',
  blocks: 1,
  heads: 1,
  dropout: 0.2,
  negatives: 256,
  shareNegatives: true,
  epochs: 200,
  patience: 50,
};
const TIGER = {
  epochs: 20,
  dropout: 0.4,
  learningRate: 0.001,
  warmUpSteps: 200,
  decay: 'cosine',
  batchSize: 128,
  patience: 20,
};

/** Sequential recommenders on Amazon Beauty, the sequences of S3-Rec. */
export const beautySequential: Suite = {
  name: 'beauty-sequential',
  title:
    'Amazon Beauty 2014, 5-core, S3-Rec sequences: sequential and generative recommenders (22,363 users, 12,101 items)',
  data: 'beauty',
  split: 'leave-one-out',
  metrics: ['ndcg@10', 'hr@10', 'ndcg@5', 'hr@5', 'coverage@10'],
  selectBy: 'ndcg@10',
  seeds: [0],
  note: 'The sequences carry no time stamps, so that users whose last two items are of one day, in an order that the source’s files decided, cannot be shown apart. SASRec with BCE draws one negative a positive, as published, where no other number is given.',
  systems: [
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy',
      options: { epochs: 40, dropout: 0.5, learningRate: 0.002, patience: 4 },
    },
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy among unseen items',
      options: { epochs: 60, dropout: 0.5, learningRate: 0.002, patience: 8, competitors: 'unseen' },
    },
    { system: 'sasrec', label: 'SASRec, BCE', options: { ...BCE, ...SLOW_LEARNERS } },
    {
      system: 'sasrec',
      label: 'SASRec, BCE, 8 negatives',
      options: { ...BCE, negatives: 8, ...SLOW_LEARNERS },
    },
    {
      system: 'sasrec',
      label: 'SASRec, 256 shared negatives',
      options: ESASREC,
      seeds: [0],
    },
    {
      system: 'sasrec',
      label: 'eSASRec: LiGR, 256 shared negatives',
      options: { ...ESASREC, layers: 'ligr' },
      seeds: [0],
    },
    {
      system: 'sasrec',
      label: 'eSASRec, 1,024 mixed negatives with logQ',
      options: { ...ESASREC, layers: 'ligr', negatives: 1024, sampling: 'mixed', logQ: true },
      seeds: [0],
    },
    {
      system: 'tiger',
      label: 'TIGER (efficient), RQ-VAE',
      options: { epochs: 40, dropout: 0.4, learningRate: 0.001, batchSize: 128, patience: 4 },
    },
    {
      system: 'tiger',
      label: 'TIGER (efficient), RQ-KMeans of text and co-use',
      options: { codebook: 'rq-k-means', coUse: 2, ...TIGER },
    },
    // So few weights underfit with as much dropout as prefixes need.
    ...codesAlone({ ...TIGER, epochs: 24, dropout: 0.1, learningRate: 0.003, patience: 24 }),
    { system: 'text-knn', label: 'Semantic-KNN' },
    { system: 'ease', label: 'EASE', options: { lambda: 50 } },
    { system: 'item-knn', label: 'ItemKNN', options: { neighbours: 200, shrinkage: 5 } },
    { system: 'popularity', label: 'Popularity' },
  ],
  published: BEAUTY_PUBLISHED,
};
