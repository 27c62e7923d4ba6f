import {
  checkChoice,
  checkNumber,
  checkOptions,
  checkSharedIds,
  type InteractionLog,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
} from '@palate/core';
import { type CheckpointOptions, RATE_DECAYS, type RateDecay } from '@palate/nn';

/** Options that SASRec and BERT4Rec share. */
export interface SequentialOptions extends LongCallOptions {
  /** Width of item vectors and of the model. Default 64. */
  readonly dimension?: number;
  /**
   * Standard deviation of the item vectors at the start. Default `dimension ** -0.5`; losses that sample few items leave
   * what they started with in the vectors of rare items, and want it small (0.02).
   */
  readonly itemDeviation?: number;
  /** Transformer blocks. Default 2. */
  readonly blocks?: number;
  /** Attention heads. Default 2. */
  readonly heads?: number;
  /** Most items of a history that are read, the newest. Default 50. */
  readonly maxLength?: number;
  /** Default 0.2. */
  readonly dropout?: number;
  /** Default 1e-3. */
  readonly learningRate?: number;
  /** Steps over which the learning rate rises from 0. Default 0. */
  readonly warmUpSteps?: number;
  /** How the learning rate goes on: constant, or along half a cosine to 0 at the last of `epochs`. Default `'none'`. */
  readonly decay?: RateDecay;
  /** Decoupled weight decay of AdamW. Default 0.01. */
  readonly weightDecay?: number;
  /** Users a step. Default 128. */
  readonly batchSize?: number;
  /** Most passes over the users. Default 20. */
  readonly epochs?: number;
  /** Bound on the joint norm of the gradients; 0 for none. Default 0. */
  readonly clipNorm?: number;
  /** Held-out interactions that share the training log's id maps: measured after each epoch by NDCG@10. */
  readonly validation?: InteractionLog;
  /** Stops when the validation has not risen for so many epochs, and keeps the best weights. Default 5. */
  readonly patience?: number;
  /** Keeps checkpoints in a folder and goes on from them. */
  readonly checkpoint?: CheckpointOptions;
}

/** Options with their defaults, as they are saved. */
export interface SequentialConfig {
  readonly dimension: number;
  readonly itemDeviation: number;
  readonly blocks: number;
  readonly heads: number;
  readonly maxLength: number;
  readonly dropout: number;
  readonly learningRate: number;
  readonly warmUpSteps: number;
  readonly decay: RateDecay;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly clipNorm: number;
  readonly patience: number;
}

const SHARED = [
  'dimension',
  'itemDeviation',
  'blocks',
  'heads',
  'maxLength',
  'dropout',
  'learningRate',
  'warmUpSteps',
  'decay',
  'weightDecay',
  'batchSize',
  'epochs',
  'clipNorm',
  'validation',
  'patience',
  'checkpoint',
];

/**
 * Checks the shared options and fills in defaults.
 *
 * @param own - further options that the class reads
 * @throws InvalidInputError for what is unknown or out of bounds
 */
export function sequentialConfig(
  where: string,
  options: SequentialOptions,
  own: readonly string[],
  log: InteractionLog,
): SequentialConfig {
  checkOptions(where, options, [...LONG_CALL_OPTIONS, ...SHARED, ...own]);
  const { validation } = options;
  if (validation) checkSharedIds('the validation log', validation, log);
  const whole = (name: keyof SequentialConfig, fallback: number, min = 1): number =>
    checkNumber(name, options[name] ?? fallback, { min, integer: true });
  const dimension = whole('dimension', 64);
  return {
    dimension,
    itemDeviation: checkNumber('itemDeviation', options.itemDeviation ?? dimension ** -0.5, { min: 0 }),
    blocks: whole('blocks', 2, 0),
    heads: whole('heads', 2),
    maxLength: whole('maxLength', 50, 2),
    dropout: checkNumber('dropout', options.dropout ?? 0.2, { min: 0, max: 0.95 }),
    learningRate: checkNumber('learningRate', options.learningRate ?? 1e-3, { min: 0 }),
    warmUpSteps: whole('warmUpSteps', 0, 0),
    decay: checkChoice('decay', options.decay ?? 'none', RATE_DECAYS),
    weightDecay: checkNumber('weightDecay', options.weightDecay ?? 0.01, { min: 0 }),
    batchSize: whole('batchSize', 128),
    epochs: whole('epochs', 20),
    clipNorm: checkNumber('clipNorm', options.clipNorm ?? 0, { min: 0 }),
    patience: whole('patience', 5),
  };
}
