import {
  checkSharedIds,
  InteractionLog,
  type LongCallOptions,
  type OptionsOf,
  option,
  type SettingsOf,
} from '@palate/core';
import { SHAPE, trainingOptions } from '@palate/nn';

/** Options that SASRec and BERT4Rec share. */
export const SEQUENTIAL = {
  dimension: SHAPE.width({
    default: 64,
    doc: 'width of item vectors and of the model',
  }),
  itemDeviation: option.number({ min: 0 })({
    default: ({ dimension }) => (dimension as number) ** -0.5,
    defaultText: '`dimension ** -0.5`',
    doc: 'standard deviation of the initial item vectors; losses that sample few items hardly change the vectors of rare items, and need a small one (0.02)',
  }),
  layers: option.choice(['sasrec', 'ligr'])({
    default: 'sasrec',
    doc: "parts of a block: `'sasrec'` as published, with GELU; `'ligr'` with SwiGLU, a learned gate on each part's output, and linear maps without bias (Borisyuk et al. 2025; eSASRec)",
  }),
  inner: SHAPE.inner({
    default: ({ dimension }) => 4 * (dimension as number),
    defaultText: '`4 * dimension`',
    doc: 'width between the two maps of the feed-forward part of a block',
  }),
  blocks: option.integer({ min: 0, max: 64 })({ default: 2, doc: 'transformer blocks' }),
  heads: SHAPE.heads({ default: 2, doc: 'attention heads' }),
  maxLength: option.integer({ min: 2, max: 4096 })({
    default: 50,
    doc: 'number of newest items of a history that are read, at most',
  }),
  dropout: SHAPE.dropout({ default: 0.2, doc: 'share of the values dropped' }),
  ...trainingOptions({
    learningRate: 1e-3,
    warmUpSteps: 0,
    decay: 'none',
    weightDecay: 0.01,
    batchSize: { default: 128, doc: 'users a step' },
    // More epochs at a rate that does not depend on them go on from a checkpoint; see `fitEncoder`.
    epochs: { default: 20, doc: 'most passes over the users', identity: () => undefined },
    clipNorm: 0,
    patience: 5,
  }),
  validation: option
    .value<InteractionLog>('an interaction log', (value) => value instanceof InteractionLog)
    .optional({
      doc: "held-out interactions that share the training log's id maps: measured after each epoch by NDCG@10",
    }),
} as const;

/** Option of models that predict the next item at every position. */
export const PACKING = {
  packs: option.boolean()({
    default: false,
    doc: 'packs several histories into one row instead of padding each: the same loss, about `batchSize` users per step, whatever their lengths',
  }),
} as const;

/** Options that SASRec and BERT4Rec share; {@link SEQUENTIAL} says what each does. */
export type SequentialOptions = OptionsOf<typeof SEQUENTIAL> & LongCallOptions;

/** The shared options with their defaults. */
export type SequentialConfig = SettingsOf<typeof SEQUENTIAL>;

/** Refuses a validation log of other users and items. */
export function checkValidation({ validation }: SequentialConfig, log: InteractionLog): void {
  if (validation) checkSharedIds('the validation log', validation, log);
}
