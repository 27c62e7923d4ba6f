import { defineOptions, type LongCallOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import { SHAPE, trainingOptions } from '@palate/nn';
import { RELATIONS, VALIDATION } from './graph-options.js';

const LASTING = {
  dimension: SHAPE.width({ default: 64, doc: 'width of the vectors' }),
  layers: option.integer({ min: 1, max: 16 })({ default: 3, doc: 'steps of propagation' }),
} as const;

/** Options of `LightGcn.fit`. */
export const LIGHT_GCN = defineOptions('LightGcn.fit', {
  ...LASTING,
  deviation: option.number({ min: 0 })({
    default: 0.1,
    doc: 'standard deviation of the initial vectors',
  }),
  regularisation: option.number({ min: 0 })({
    default: 1e-4,
    doc: "weight of the squared norms of a batch's vectors before propagation",
  }),
  negativesPerTriple: option.integer({ min: 1, max: 1024 })({
    default: 1,
    doc: 'random negatives per positive',
  }),
  relations: RELATIONS,
  ...trainingOptions({
    learningRate: 5e-3,
    batchSize: { default: 2048, doc: 'interactions a step' },
    epochs: { default: 60, doc: 'most epochs', identity: () => undefined },
    patience: 10,
  }),
  validation: VALIDATION,
  stopBy: option.choice(['hr@10', 'ndcg@10'])({
    default: 'ndcg@10',
    doc: 'metric of the validation that early stopping follows',
  }),
});

/** Options of `LightGcn.fit`; {@link LIGHT_GCN} says what each does. */
export type LightGcnOptions = OptionsOf<typeof LIGHT_GCN.declarations> & LongCallOptions;

/** Settings that serving needs. */
export const SAVED_LIGHT_GCN = defineOptions('LightGcn', LASTING);

/** Settings that serving needs. */
export type SavedLightGcn = SettingsOf<typeof SAVED_LIGHT_GCN.declarations>;
