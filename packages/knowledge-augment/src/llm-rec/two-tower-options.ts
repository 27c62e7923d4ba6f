import {
  defineOptions,
  EmbeddingTable,
  InteractionLog,
  type LongCallOptions,
  type OptionsOf,
  option,
} from '@palate/core';
import { SHAPE, trainingOptions } from '@palate/nn';

/** Options of `TwoTower.fit`. */
export const TWO_TOWER = defineOptions('TwoTower.fit', {
  vectors: option
    .value<EmbeddingTable>('an EmbeddingTable', (value) => value instanceof EmbeddingTable)
    .optional({ doc: "vectors of the items' texts; vectors of item ids are learned instead without" }),
  dimension: SHAPE.width({ default: 64, doc: "width of both towers' ends" }),
  hidden: option.integer({ min: 1, max: 65_536 })({ default: 128, doc: 'width between' }),
  dropout: SHAPE.dropout({ default: 0.2, doc: 'share of the values dropped' }),
  negatives: option.integer({ min: 1, max: 10_000 })({
    default: 4,
    doc: 'random items against each interaction',
  }),
  ...trainingOptions({
    learningRate: 1e-3,
    weightDecay: 0.01,
    batchSize: { default: 512, doc: 'interactions a step' },
    epochs: { default: 30, doc: 'most passes over the interactions' },
    patience: 5,
  }),
  validation: option
    .value<InteractionLog>('an InteractionLog', (value) => value instanceof InteractionLog)
    .optional({ doc: 'held-out interactions to stop by, sharing the id maps' }),
});

/** Options of {@link TwoTower.fit}. */
export type TwoTowerOptions = OptionsOf<typeof TWO_TOWER.declarations> & LongCallOptions;

/** Options with their defaults. */
export type TwoTowerSettings = ReturnType<typeof TWO_TOWER.settings>;
