import { defineOptions, type LongCallOptions, type OptionsOf, option } from '@palate/core';
import { SHAPE, trainingOptions } from '@palate/nn';
import type { CtrSamples } from '../features/ctr-samples.js';
import type { FeatureSet } from '../features/feature-set.js';
import { BACKBONES, type BackboneName } from './backbones.js';
import type { CtrKnowledge } from './knowledge-input.js';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** Options that models over features of users and items share, click-through models and re-rankers. */
export const ENTITY_OPTIONS = {
  features: option.value<FeatureSet>('encoded features', isObject).required({
    doc: 'features of all users and items, from `encodeFeatures`',
  }),
  knowledge: option.value<CtrKnowledge>('vectors of users or items', isObject).optional({
    doc: "KAR's precomputed vectors of users, items or both; if left out, the model has no knowledge",
  }),
  dimension: SHAPE.width({ default: 32, doc: "width of a field's embedding" }),
  dropout: SHAPE.dropout({ default: 0.2, doc: 'share of the values dropped' }),
} as const;

/** The training options that both share. */
export const ENTITY_TRAINING = { learningRate: 1e-3, weightDecay: 0.01, patience: 3 } as const;

/** Options of `CtrModel.fit`. */
export const CTR = defineOptions('CtrModel.fit', {
  backbone: option
    .choice(Object.keys(BACKBONES) as BackboneName[])
    .required({ doc: 'which click-through model' }),
  ...ENTITY_OPTIONS,
  validation: option.value<CtrSamples>('samples', isObject).optional({ doc: 'samples for early stopping' }),
  historyLength: option.integer({ min: 1, max: 10_000 })({
    default: 10,
    doc: 'number of newest items of a history',
  }),
  hidden: option.list(
    option.integer({ min: 1, max: 65_536 }),
    1,
  )({
    default: [200, 80],
    doc: 'widths of the MLP',
  }),
  layers: option.integer({ min: 1, max: 64 })({
    default: 3,
    doc: 'layers of the kind specific to the backbone (cross, attention, compressed interaction)',
  }),
  ...trainingOptions({
    ...ENTITY_TRAINING,
    batchSize: { default: 512, doc: 'samples a step' },
    epochs: { default: 20, doc: 'most passes over the samples' },
  }),
});

/** Options of {@link CtrModel.fit}. */
export type CtrOptions = OptionsOf<typeof CTR.declarations> & LongCallOptions;

/** Options with their defaults, as a model keeps them. */
export type CtrConfig = ReturnType<typeof CTR.settings>;
