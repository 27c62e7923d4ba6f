import type { Suite } from '../suite.js';
import { codesAlone } from './codes-alone.js';

const PYTORCH =
  'independent PyTorch run: 64 wide, 2 blocks, 2 heads, length 50, dropout 0.2, AdamW 1e-3, full cross-entropy, 20 epochs';

/** Against halts on the plateau of popularity: small vectors at the start, a warm-up, and decay of the weights. */
const SLOW_STARTERS = {
  epochs: 60,
  batchSize: 64,
  itemDeviation: 0.02,
  weightDecay: 0.1,
  warmUpSteps: 300,
  decay: 'cosine',
};

/** Models of texts, whose items share what they learn: fewer epochs than where each has a vector of its own. */
const TEXTS = { epochs: 30, batchSize: 64, learningRate: 0.002 };
const TIGER = { epochs: 30, dropout: 0.3, learningRate: 0.001 };
const PALR = { epochs: 12 };

/** Sequential recommenders on the bundled data. */
export const movietweetingsSequential: Suite = {
  name: 'movietweetings-sequential',
  title:
    'MovieTweetings 100K, 5-core: sequential, generative and language-model recommenders (4,333 users, 2,414 films)',
  data: 'bundled',
  split: 'leave-one-out',
  metrics: ['ndcg@10', 'hr@10', 'mrr@10', 'coverage@10'],
  selectBy: 'ndcg@10',
  seeds: [0, 1, 2],
  note: 'No test interaction has the time stamp of the one before it, so that the order of equal times decides nothing here.',
  systems: [
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy',
      options: { epochs: 60, batchSize: 64, learningRate: 0.002 },
    },
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy among unseen films',
      options: { epochs: 60, batchSize: 64, learningRate: 0.002, competitors: 'unseen' },
    },
    {
      system: 'sasrec',
      label: 'SASRec, among unseen films, packed histories, more dropout',
      options: {
        epochs: 60,
        batchSize: 64,
        learningRate: 0.002,
        competitors: 'unseen',
        packs: true,
        dropout: 0.35,
      },
    },
    {
      system: 'sasrec',
      label: 'SASRec, BCE',
      options: { ...SLOW_STARTERS, loss: 'bce', learningRate: 0.003, patience: 60 },
    },
    {
      system: 'bert4rec',
      label: 'BERT4Rec',
      options: { ...SLOW_STARTERS, learningRate: 0.002, patience: 20 },
    },
    { system: 'unisrec', label: 'UniSRec, no pre-training', options: TEXTS, seeds: [0] },
    { system: 'zesrec', label: 'ZESRec, in its own domain', options: TEXTS, seeds: [0] },
    { system: 'vq-rec', label: 'VQ-Rec, no pre-training', options: TEXTS, seeds: [0] },
    { system: 'rpg', label: 'RPG', options: TEXTS, seeds: [0] },
    { system: 'tiger', label: 'TIGER (efficient), RQ-VAE', options: TIGER, seeds: [0] },
    {
      system: 'tiger',
      label: 'TIGER (efficient), RQ-KMeans',
      options: { ...TIGER, codebook: 'rq-k-means' },
      seeds: [0],
    },
    {
      system: 'tiger',
      label: 'TIGER (efficient), RQ-KMeans of text and co-use',
      options: { ...TIGER, codebook: 'rq-k-means', coUse: 2 },
    },
    { system: 'tiger', label: 'TIGER (efficient), LSH', options: { ...TIGER, codebook: 'lsh' }, seeds: [0] },
    {
      system: 'tiger',
      label: 'TIGER (efficient), random IDs',
      options: { ...TIGER, codebook: 'random' },
      seeds: [0],
    },
    ...codesAlone(TIGER),
    {
      system: 'tiger',
      label: 'TIGER (efficient), codes alone, RQ-VAE, user tokens',
      options: { ...TIGER, prefixVectors: false, userTokens: 2000 },
    },
    // The paper's model at a rate and batch that suit few steps: it reads four tokens an item and learns one target at a
    // time, so that an epoch takes longer than the efficient mode's thirty.
    {
      system: 'tiger',
      label: 'TIGER (faithful), RQ-VAE',
      options: { mode: 'faithful', epochs: 4, learningRate: 0.001, batchSize: 64 },
      seeds: [0],
    },
    { system: 'palr', label: 'PALR v1 (local)', options: { ...PALR, version: 1 } },
    { system: 'palr', label: 'PALR v2 (local), candidates shuffled', options: { ...PALR, order: 'none' } },
    { system: 'palr', label: 'PALR v2 (local), with the retriever’s order', options: PALR },
    { system: 'text-knn', label: 'Semantic-KNN, title and genres', options: { text: 'catalogue' } },
    { system: 'text-knn', label: 'Semantic-KNN, with knowledge', options: { text: 'catalogue+knowledge' } },
    {
      system: 'text-knn',
      label: 'Keywords of the user, title and genres',
      options: { text: 'catalogue', query: 'keywords' },
    },
    {
      system: 'text-knn',
      label: 'Keywords of the user, with knowledge',
      options: { text: 'catalogue+knowledge', query: 'keywords' },
    },
    { system: 'ease', label: 'EASE', options: { lambda: 500 } },
    { system: 'item-knn', label: 'ItemKNN', options: { neighbours: 400, shrinkage: 20 } },
    { system: 'popularity', label: 'Popularity' },
  ],
  published: [
    {
      system: 'SASRec, cross-entropy',
      metrics: { 'hr@10': { mean: 0.235 }, 'ndcg@10': { mean: 0.13 } },
      source: PYTORCH,
    },
  ],
};
