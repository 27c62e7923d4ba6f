import { defineOptions, type LongCallOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import { SHAPE, trainingOptions } from '@palate/nn';

/** Options that the trained predictors share; the same budget for all. */
const RATER = {
  ...trainingOptions({
    epochs: { default: 10, doc: 'most epochs' },
    batchSize: 256,
    learningRate: 1e-3,
    weightDecay: 0.01,
    patience: {
      default: 3,
      doc: 'stops when the loss on the held-out tenth of the rows has not improved for this many epochs',
    },
  }),
  dimension: SHAPE.width({ default: 32, doc: 'width of vectors' }),
  dropout: SHAPE.dropout({ default: 0.1, doc: 'share of the values dropped' }),
} as const;

/** Options of `fitRatingBaseline`. */
export const RATING_BASELINE = defineOptions('fitRatingBaseline', RATER);

const HEADS = ['classification', 'regression'] as const;

/** Output of the fine-tuned model: a chance for each rating, or a number. */
export type RatingHead = (typeof HEADS)[number];

/** Options of `fitT5Rater`. */
export const T5_RATER = defineOptions('fitT5Rater', {
  ...RATER,
  head: option.choice(HEADS)({
    default: 'regression',
    doc: "form of the output; the default is the paper's better one",
  }),
  blocks: option.integer({ min: 1, max: 64 })({ default: 2, doc: 'blocks in each of encoder and decoder' }),
});

/** Options that the trained predictors share. */
export type RaterOptions = OptionsOf<typeof RATER> & LongCallOptions;

/** The shared options with their defaults. */
export type RaterSettings = SettingsOf<typeof RATER>;

/** Options of `fitT5Rater`. */
export type T5RaterOptions = OptionsOf<typeof T5_RATER.declarations> & LongCallOptions;
