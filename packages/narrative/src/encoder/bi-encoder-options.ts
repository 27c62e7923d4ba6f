import { defineOptions, type LongCallOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import type { EncoderParts } from '@palate/llm';
import { trainingOptions } from '@palate/nn';
import { TUNED } from './trained-encoder.js';
import { FINE_TUNING, READING, validationRequests } from './trained-options.js';

/** Losses of the bi-encoder. */
const BI_ENCODER_LOSSES = ['triplet', 'info-nce'] as const;

const isParts = (value: unknown): boolean => typeof Object(value).running === 'function';

/** Options of `BiEncoder.fit`. */
export const BI_ENCODER = defineOptions('BiEncoder.fit', {
  loss: option.choice(BI_ENCODER_LOSSES)({
    default: 'triplet',
    doc: "`'triplet'`: on Euclidean distances, with a margin; `'info-nce'`: softmax over the batch",
  }),
  negatives: option.choice(['batch', 'shuffled', 'catalogue'])({
    default: 'batch',
    doc: "negatives of a request: all others of the `'batch'`; for the triplet loss one each, its items `'shuffled'`, as in the paper; the whole `'catalogue'`, if only the head is trained",
  }),
  margin: option.number({ min: 0 })({ default: 1, doc: 'margin of the triplet loss' }),
  radius: option.number({ min: 0.01 })({
    default: 4,
    doc: 'norm of the vectors in the triplet loss; a larger one makes the margin smaller relative to the distances',
  }),
  temperature: option.number({ min: 1e-4 })({ default: 0.05, doc: 'temperature of InfoNCE' }),
  tuned: option.choice(TUNED)({
    default: 'all',
    doc: "what is trained: `'all'` of the encoder; its `'upper'` part, which takes less time and data; its `'head'` above the mean of the states, which runs each text through the layers once, in windows of the length that the encoder was trained on",
  }),
  ...READING,
  around: option.list(option.text()).optional({
    doc: "small talk around a request (`SURROUNDINGS`): some of these sentences are mixed into each request while the `'head'` is trained, so that it learns to ignore them",
  }),
  aroundMost: option.integer({ min: 1 })({
    default: 6,
    doc: 'most of those sentences mixed into one request',
  }),
  // A place on this machine: no part of a saved encoder.
  cacheDir: option
    .value<string>('a folder', (value) => typeof value === 'string')
    .optional({
      doc: "folder that caches the means of the states, if the `'head'` is trained; no cache if left out",
      identity: () => undefined,
    }),
  validationShare: option.number({ min: 0, max: 0.9 })({
    default: 0.2,
    doc: 'share of the users whose requests are held out: their NDCG@10 over the whole catalogue is measured after each epoch',
  }),
  validationRequests: validationRequests(300),
  pretrained: option
    .value<EncoderParts>('the parts of an encoder, such as useLiteParts() returns', isParts)
    .optional({ doc: 'encoder to start from; use-lite if left out', identity: ({ id }) => id }),
  ...trainingOptions({
    learningRate: 5e-5,
    ...FINE_TUNING,
    batchSize: { default: 32, doc: 'requests per step, each with one of its items' },
    epochs: { default: 8, doc: 'most epochs over the requests; each uses another item of them' },
  }),
});

/** Options of `BiEncoder.fit`; {@link BI_ENCODER} says what each does. */
export type BiEncoderOptions = OptionsOf<typeof BI_ENCODER.declarations> & LongCallOptions;

/** The options with their defaults. */
export type BiEncoderConfig = SettingsOf<typeof BI_ENCODER.declarations>;
