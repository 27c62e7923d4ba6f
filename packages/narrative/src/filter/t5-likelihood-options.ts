import { defineOptions, type LongCallOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import { T5_SHAPE, trainingOptions } from '@palate/nn';

/** Options of `T5Likelihood.fit`. */
export const T5_LIKELIHOOD = defineOptions('T5Likelihood.fit', {
  dimension: T5_SHAPE.width({ default: 128, doc: 'width of the model' }),
  heads: T5_SHAPE.heads({ default: 4, doc: 'attention heads' }),
  layers: T5_SHAPE.layers({ default: 2, doc: 'layers in each of encoder and decoder' }),
  dropout: T5_SHAPE.dropout({ default: 0.1, doc: 'share of the values dropped' }),
  itemTokens: option.integer({ min: 1 })({ default: 96, doc: "most tokens read of an item's text" }),
  requestTokens: option.integer({ min: 1 })({ default: 96, doc: 'most tokens of a request that are scored' }),
  ...trainingOptions({
    learningRate: 2e-3,
    warmUpSteps: 50,
    decay: 'none',
    weightDecay: 0.01,
    batchSize: { default: 32, doc: 'pairs a step' },
    epochs: { default: 3, doc: 'most epochs' },
    clipNorm: 1,
  }),
});

/** Options of `T5Likelihood.fit`; {@link T5_LIKELIHOOD} says what each does. */
export type T5LikelihoodOptions = OptionsOf<typeof T5_LIKELIHOOD.declarations> & LongCallOptions;

/** The options with their defaults. */
export type T5LikelihoodConfig = SettingsOf<typeof T5_LIKELIHOOD.declarations>;
