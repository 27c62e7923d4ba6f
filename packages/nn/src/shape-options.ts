import { option } from '@palate/core';
import type { T5 } from './t5/t5.js';

/**
 * Kinds of the options that say how large a network is, so that each has the same bounds in every model; models call them with
 * their own default and words, under their own names.
 *
 * @example
 * ```ts
 * const READER = defineOptions('Reader.fit', {
 *   dimension: SHAPE.width({ default: 64, doc: 'width of the model' }),
 *   heads: SHAPE.heads({ default: 2, doc: 'attention heads' }),
 * });
 * console.log(READER.settings({}).heads); // 2
 * ```
 */
export const SHAPE = {
  /** Width of vectors and layers. */
  width: option.integer({ min: 1, max: 8192 }),
  /** Attention heads. */
  heads: option.integer({ min: 1, max: 128 }),
  /** Width between the two maps of a feed-forward part. */
  inner: option.integer({ min: 1, max: 65_536 }),
  /** Share of the values dropped while training. */
  dropout: option.number({ min: 0, max: 0.95 }),
} as const;

/** Kinds of the options of models that start from a T5, or from one with fresh weights of a shape of their own. */
export const T5_SHAPE = {
  /** A T5 to start from. */
  model: option.value<T5>('a T5 model', (value) => typeof Object(value).encodeEmbedded === 'function'),
  width: option.integer({ min: 8, max: 8192 }),
  heads: SHAPE.heads,
  inner: option.integer({ min: 8, max: 65_536 }),
  /** Layers of encoder and decoder each. */
  layers: option.integer({ min: 1, max: 48 }),
  dropout: SHAPE.dropout,
  /** Optimiser: T5's own, or the one of most other models. */
  optimiser: option.choice(['adafactor', 'adamw']),
} as const;
