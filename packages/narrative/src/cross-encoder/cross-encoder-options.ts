import { defineOptions, type LongCallOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import { trainingOptions } from '@palate/nn';
import { BiEncoder } from '../encoder/bi-encoder.js';
import { TUNED } from '../encoder/trained-encoder.js';
import { FINE_TUNING, READING, validationRequests } from '../encoder/trained-options.js';

/** Options of `CrossEncoder.fit`. */
export const CROSS_ENCODER = defineOptions('CrossEncoder.fit', {
  biEncoder: option
    .value<BiEncoder>('a BiEncoder', (value) => value instanceof BiEncoder)
    .required({
      doc: 'first stage, which provides the initial weights and the ranking that negatives are drawn from',
      identity: ({ id }) => id,
    }),
  negatives: option.integer({ min: 1, max: 64 })({ default: 4, doc: 'negatives per positive' }),
  firstRank: option.integer({ min: 1 })({
    default: 100,
    doc: "first rank of the bi-encoder's list that negatives are drawn from: better ranks are likely to be unlabelled correct answers; at most a third of the catalogue",
  }),
  lastRank: option.integer({ min: 1 })({ default: 300, doc: 'last rank of it' }),
  tuned: option.choice(TUNED)({
    default: 'all',
    doc: "what is trained: `'all'` of the encoder, its `'upper'` part, or its `'head'`; new layers above and below are always trained",
  }),
  ...READING,
  validationShare: option.number({ min: 0, max: 0.9 })({
    default: 0.2,
    doc: 'share of the users whose requests are held out; with the same seed, the users of the bi-encoder',
  }),
  validationNegatives: option.integer({ min: 1 })({
    default: 30,
    doc: 'negatives of a held-out pair, whose mean reciprocal rank among them is measured after each epoch',
  }),
  validationRequests: validationRequests(100),
  ...trainingOptions({
    learningRate: 2e-5,
    ...FINE_TUNING,
    batchSize: { default: 8, doc: 'requests per step, each with one of its items and the negatives' },
    epochs: { default: 3, doc: 'most epochs over the requests; each uses another item of them' },
  }),
});

/** Options of `CrossEncoder.fit`; {@link CROSS_ENCODER} says what each does. */
export type CrossEncoderOptions = OptionsOf<typeof CROSS_ENCODER.declarations> & LongCallOptions;

/** The options with their defaults. */
export type CrossEncoderConfig = SettingsOf<typeof CROSS_ENCODER.declarations>;
