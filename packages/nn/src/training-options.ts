import { type EarlierSettings, type OptionDeclaration, option } from '@palate/core';
import { CHECKPOINT, type CheckpointOptions } from './checkpoint.js';
import { RATE_DECAYS, type RateDecay } from './schedules.js';

/** The options that trained models share, by name, with the values that they take. */
interface TrainingValues {
  readonly learningRate: number;
  readonly warmUpSteps: number;
  readonly decay: RateDecay;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly patience: number;
  readonly clipNorm: number;
}

/** A default, or one with words of the model's own. */
type Default<T> =
  | T
  | {
      readonly default: T | ((earlier: EarlierSettings) => T);
      /** The default in words, where it is a function. */
      readonly defaultText?: string;
      /** One line on what the option does, where the shared one is not enough. */
      readonly doc?: string;
      /** Part of the value that decides the result, where it is not the value. */
      readonly identity?: (value: T) => unknown;
    };

/** Names of the options that {@link trainingOptions} can declare. */
export type TrainingOptionName = keyof TrainingValues;

/** Defaults of the options that a model reads; it has no others. */
export type TrainingDefaults<K extends TrainingOptionName> = {
  readonly [N in K]: Default<TrainingValues[N]>;
};

/** The declarations that {@link trainingOptions} gives. */
export type TrainingDeclarations<K extends TrainingOptionName> = {
  readonly [N in K]: OptionDeclaration<TrainingValues[N], 'defaulted'>;
} & { readonly checkpoint: OptionDeclaration<CheckpointOptions, 'optional'> };

const KINDS = {
  learningRate: { kind: option.number({ min: 0 }), doc: 'largest step size of AdamW' },
  warmUpSteps: {
    kind: option.integer({ min: 0 }),
    doc: 'steps over which the learning rate rises from 0',
  },
  decay: {
    kind: option.choice(RATE_DECAYS),
    doc: 'the learning rate after the warm-up: constant, or half a cosine down to 0 at the last of `epochs`',
  },
  weightDecay: { kind: option.number({ min: 0 }), doc: 'decoupled weight decay of AdamW' },
  batchSize: { kind: option.integer({ min: 1, max: 1_000_000 }), doc: 'rows a step' },
  epochs: { kind: option.integer({ min: 1 }), doc: 'most passes over the data' },
  patience: {
    kind: option.integer({ min: 1 }),
    doc: 'stops when the validation metric, if there is one, has not risen for this many epochs, and keeps the best weights',
  },
  clipNorm: {
    kind: option.number({ min: 0 }),
    doc: 'bound on the joint norm of the gradients; 0 for none',
  },
} as const;

/**
 * Declares the options of a model's training, to be spread into its option set: those that are named, with the model's
 * defaults, and `checkpoint`.
 *
 * @example
 * ```ts
 * const RANKER = defineOptions('Ranker.fit', {
 *   ...trainingOptions({ learningRate: 1e-3, batchSize: { default: 512, doc: 'interactions a step' }, epochs: 30 }),
 * });
 * console.log(RANKER.settings({ epochs: 2 }).batchSize); // 512
 * ```
 */
export function trainingOptions<K extends TrainingOptionName>(
  defaults: TrainingDefaults<K>,
): TrainingDeclarations<K> {
  const declared = Object.entries<Default<unknown>>(defaults).map(([name, given]) => {
    const { kind, doc } = KINDS[name as TrainingOptionName];
    const about = typeof given === 'object' ? given : { default: given };
    // Each kind is declared with defaults of its own type; the entries of an object forget which belongs to which.
    const declare = kind as (about: object) => OptionDeclaration<unknown, 'defaulted'>;
    return [name, declare({ doc, ...about })];
  });
  return { ...Object.fromEntries(declared), checkpoint: CHECKPOINT } as TrainingDeclarations<K>;
}
