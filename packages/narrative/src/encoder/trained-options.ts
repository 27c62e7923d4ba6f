import { option } from '@palate/core';

/** Options that the two stages share: what is dropped in training, and how much is read of a text. */
export const READING = {
  dropout: option.number({ min: 0, max: 0.9 })({
    default: 0.1,
    doc: 'share of the values dropped behind each part',
  }),
  requestTokens: option.integer({ min: 1 })({ default: 128, doc: 'most tokens that are read of a request' }),
  itemTokens: option.integer({ min: 1 })({ default: 96, doc: "most tokens that are read of an item's text" }),
} as const;
