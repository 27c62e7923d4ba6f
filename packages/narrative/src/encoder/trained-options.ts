import { option } from '@palate/core';
import { SHAPE } from '@palate/nn';

/** Options that the two stages share: what is dropped in training, and how much is read of a text. */
export const READING = {
  dropout: SHAPE.dropout({
    default: 0.1,
    doc: 'share of the values dropped after each part',
  }),
  requestTokens: option.integer({ min: 1 })({ default: 128, doc: 'most tokens read of a request' }),
  itemTokens: option.integer({ min: 1 })({ default: 96, doc: "most tokens read of an item's text" }),
} as const;

/** How both stages are trained, for `trainingOptions`: after a short rise at one rate, until two epochs brought nothing. */
export const FINE_TUNING = {
  warmUpSteps: 50,
  decay: 'none',
  weightDecay: 0.01,
  patience: 2,
  clipNorm: 1,
} as const;

/** Most requests of the validation that a stage measures. */
export const validationRequests = (fallback: number) =>
  option.integer({ min: 1 })({
    default: fallback,
    doc: 'most validation requests to measure',
  });
