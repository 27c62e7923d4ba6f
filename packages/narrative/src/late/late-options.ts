import { defineOptions, type LongCallOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import { trainingOptions } from '@palate/nn';
import { CROSS_ENCODER } from '../cross-encoder/cross-encoder-options.js';
import { BI_ENCODER } from '../encoder/bi-encoder-options.js';
import { FINE_TUNING } from '../encoder/trained-options.js';

const { biEncoder, firstRank, lastRank, dropout, validationShare, validationNegatives, validationRequests } =
  CROSS_ENCODER.declarations;
const { around, aroundMost, cacheDir } = BI_ENCODER.declarations;

/** Options of `LateCrossEncoder.fit`. */
export const LATE_CROSS_ENCODER = defineOptions('LateCrossEncoder.fit', {
  biEncoder,
  negatives: option.integer({ min: 1, max: 256 })({ default: 32, doc: 'negatives per positive' }),
  firstRank,
  lastRank,
  hidden: option.integer({ min: 1, max: 4096 })({ default: 128, doc: 'width of the layer over both texts' }),
  dropout,
  requestTokens: option.integer({ min: 1 })({
    default: 512,
    doc: 'most tokens read of a request, in windows of the length that the encoder was trained on',
  }),
  itemTokens: option.integer({ min: 1 })({
    default: 512,
    doc: "most tokens read of an item's text",
  }),
  around,
  aroundMost,
  cacheDir,
  validationShare,
  validationNegatives,
  validationRequests,
  ...trainingOptions({
    learningRate: 3e-4,
    ...FINE_TUNING,
    batchSize: { default: 32, doc: 'requests per step, each with one of its items and the negatives' },
    epochs: { default: 3, doc: 'most epochs over the requests; each uses another item of them' },
  }),
});

/** Options of `LateCrossEncoder.fit`; {@link LATE_CROSS_ENCODER} says what each does. */
export type LateCrossEncoderOptions = OptionsOf<typeof LATE_CROSS_ENCODER.declarations> & LongCallOptions;

/** The options with their defaults. */
export type LateCrossEncoderConfig = SettingsOf<typeof LATE_CROSS_ENCODER.declarations>;
