import { BERT4REC, Bert4Rec, SASREC, SasRec } from '@palate/sequential';
import { trainingOptions } from './fit-options.js';
import type { Method } from './method.js';

/** SASRec, as it is worth waiting for on two cores, and as it shows that all works. */
export const sasrec: Method = {
  key: 'sasrec',
  title: 'transformer over the history',
  package: '@palate/sequential',
  kind: 'retriever',
  options: SASREC,
  deterministic: false,
  needs: ['history', 'training'],
  defaults: {
    full: { epochs: 16, batchSize: 64, learningRate: 0.002 },
    quick: { epochs: 1, batchSize: 128, learningRate: 0.004, maxLength: 10 },
  },
  fit: (dataset, settings, context) => SasRec.fit(dataset, { ...settings, ...trainingOptions(context) }),
  load: (dir) => SasRec.load(dir),
};

/** BERT4Rec, which guesses hidden items from both sides. */
export const bert4rec: Method = {
  key: 'bert4rec',
  title: 'transformer that predicts masked items',
  package: '@palate/sequential',
  kind: 'retriever',
  options: BERT4REC,
  deterministic: false,
  needs: ['history', 'training'],
  defaults: { full: { epochs: 40, batchSize: 64 }, quick: { epochs: 1, maxLength: 10 } },
  fit: (dataset, settings, context) => Bert4Rec.fit(dataset, { ...settings, ...trainingOptions(context) }),
  load: (dir) => Bert4Rec.load(dir),
};
