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
    .optional({ doc: "vectors of the items' texts; if left out, vectors of item ids are learned" }),
  dimension: SHAPE.width({ default: 64, doc: 'output width of both towers' }),
  hidden: option.integer({ min: 1, max: 65_536 })({ default: 128, doc: 'width between' }),
  dropout: SHAPE.dropout({ default: 0.2, doc: 'share of the values dropped' }),
  negatives: option.integer({ min: 1, max: 10_000 })({
    default: 4,
    doc: 'random negatives per interaction',
  }),
  ...trainingOptions({
    learningRate: 1e-3,
    weightDecay: 0.01,
    batchSize: { default: 512, doc: 'interactions a step' },
    epochs: { default: 30, doc: 'most epochs' },
    patience: 5,
  }),
  validation: option
    .value<InteractionLog>('an InteractionLog', (value) => value instanceof InteractionLog)
    .optional({ doc: 'held-out interactions for early stopping, with the same id maps' }),
});

/** Options of {@link TwoTower.fit}. */
export type TwoTowerOptions = OptionsOf<typeof TWO_TOWER.declarations> & LongCallOptions;

/** Options with their defaults. */
export type TwoTowerSettings = ReturnType<typeof TWO_TOWER.settings>;
