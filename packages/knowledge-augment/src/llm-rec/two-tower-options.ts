import {
  defineOptions,
  EmbeddingTable,
  InteractionLog,
  type LongCallOptions,
  type OptionsOf,
  option,
} from '@palate/core';
import type { CheckpointOptions } from '@palate/nn';

/** Options of `TwoTower.fit`. */
export const TWO_TOWER = defineOptions('TwoTower.fit', {
  vectors: option
    .value<EmbeddingTable>('an EmbeddingTable', (value) => value instanceof EmbeddingTable)
    .optional({ doc: "vectors of the items' texts; vectors of item ids are learned instead without" }),
  dimension: option.integer({ min: 1, max: 8192 })({ default: 64, doc: "width of both towers' ends" }),
  hidden: option.integer({ min: 1, max: 65_536 })({ default: 128, doc: 'width between' }),
  dropout: option.number({ min: 0, max: 0.9 })({ default: 0.2, doc: 'share of the values dropped' }),
  negatives: option.integer({ min: 1, max: 10_000 })({
    default: 4,
    doc: 'random items against each interaction',
  }),
  learningRate: option.number({ min: 0 })({ default: 1e-3, doc: 'largest step size of AdamW' }),
  weightDecay: option.number({ min: 0 })({ default: 0.01, doc: 'decoupled weight decay of AdamW' }),
  batchSize: option.integer({ min: 1, max: 1_000_000 })({ default: 512, doc: 'interactions a step' }),
  epochs: option.integer({ min: 1 })({ default: 30, doc: 'most passes over the interactions' }),
  patience: option.integer({ min: 1 })({
    default: 5,
    doc: 'epochs without a better validation before it stops, where there is a validation',
  }),
  validation: option
    .value<InteractionLog>('an InteractionLog', (value) => value instanceof InteractionLog)
    .optional({ doc: 'held-out interactions to stop by, sharing the id maps' }),
  checkpoint: option
    .value<CheckpointOptions>('a folder for checkpoints', (value) => typeof value === 'object')
    .optional({ doc: 'where to write checkpoints, and how often', identity: () => undefined }),
});

/** Options of {@link TwoTower.fit}. */
export type TwoTowerOptions = OptionsOf<typeof TWO_TOWER.declarations> & LongCallOptions;

/** Options with their defaults. */
export type TwoTowerSettings = ReturnType<typeof TWO_TOWER.settings>;
