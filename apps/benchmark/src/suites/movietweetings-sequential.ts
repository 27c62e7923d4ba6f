import type { Suite } from '../suite.js';

const PYTORCH =
  'independent PyTorch run: 64 wide, 2 blocks, 2 heads, length 50, dropout 0.2, AdamW 1e-3, full cross-entropy, 20 epochs';

/** Sequential recommenders on the bundled data. */
export const movietweetingsSequential: Suite = {
  name: 'movietweetings-sequential',
  title: 'MovieTweetings 100K, 5-core: sequential recommenders (4,333 users, 2,414 films)',
  data: 'bundled',
  split: 'leave-one-out',
  metrics: ['ndcg@10', 'hr@10', 'mrr@10', 'coverage@10'],
  selectBy: 'ndcg@10',
  seeds: [0, 1, 2],
  systems: [
    {
      system: 'sasrec',
      label: 'SASRec, cross-entropy',
      options: { epochs: 60, batchSize: 64, learningRate: 0.002 },
    },
    {
      system: 'sasrec',
      label: 'SASRec, BCE',
      options: { epochs: 100, batchSize: 64, loss: 'bce', patience: 10 },
    },
    { system: 'bert4rec', label: 'BERT4Rec', options: { epochs: 100, batchSize: 64, patience: 10 } },
  ],
  published: [
    {
      system: 'SASRec, cross-entropy',
      metrics: { 'hr@10': { mean: 0.235 }, 'ndcg@10': { mean: 0.13 } },
      source: PYTORCH,
    },
  ],
};
