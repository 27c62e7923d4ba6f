import { checkChoice, checkNumber, type InteractionLog, type LongCallOptions } from '@palate/core';
import { type CheckpointOptions, RATE_DECAYS, type RateDecay } from '@palate/nn';
import type { SemanticIds } from '../ids/semantic-ids.js';

/** The model behind TIGER. */
export type TigerMode = 'efficient' | 'faithful';

const MODES: readonly TigerMode[] = ['efficient', 'faithful'];

/** Options of `Tiger.fit`. */
export interface TigerOptions extends LongCallOptions {
  /** IDs of all items that may be retrieved, those without interactions included. */
  readonly ids: SemanticIds;
  /**
   * `'faithful'` is the paper's encoder-decoder, one token a code, one target a sequence; `'efficient'` a causal
   * transformer over items that learns from every position of a sequence at once. Default `'efficient'`.
   */
  readonly mode?: TigerMode;
  /** Width of the model. Default 64, or 128 where faithful. */
  readonly dimension?: number;
  /** Blocks, in the faithful mode of encoder and decoder each. Default 2, or 4. */
  readonly blocks?: number;
  /** Attention heads; in the faithful mode each 64 wide. Default 2, or 6. */
  readonly heads?: number;
  /** Width inside the feed-forward parts. Default four times the width, or 1024 where faithful. */
  readonly inner?: number;
  /** Default 0.2, or 0.1 where faithful. */
  readonly dropout?: number;
  /** Most items of a history that are read, the newest. Default 50, or 20 where faithful. */
  readonly maxLength?: number;
  /**
   * Tokens onto which users are hashed; 0 for none. The faithful mode puts the user's in front of the history, the
   * efficient mode adds its vector to every item's. Default 0, or 2000 where faithful.
   */
  readonly userTokens?: number;
  /**
   * In the efficient mode, a vector of its own for every prefix of an ID beside those of its codes: common items are
   * told apart as by item ids, new ones are still read from their codes. Default true.
   */
  readonly prefixVectors?: boolean;
  /** Default 0.002, or 0.01 where faithful. */
  readonly learningRate?: number;
  /** Steps at the full rate before it falls with the inverse square root, in the faithful mode. Default 10,000. */
  readonly holdSteps?: number;
  /** Steps over which the learning rate rises from 0, in the efficient mode. Default 0. */
  readonly warmUpSteps?: number;
  /**
   * How the learning rate goes on in the efficient mode: constant, or along half a cosine to 0 at the last of `epochs`.
   * Default `'none'`.
   */
  readonly decay?: RateDecay;
  readonly weightDecay?: number;
  /** Sequences a step. Default 64, or 256 where faithful. */
  readonly batchSize?: number;
  /** Most passes over the data. Default 60. */
  readonly epochs?: number;
  /** Held-out interactions that share the training log's id maps: measured after each epoch by NDCG@10. */
  readonly validation?: InteractionLog;
  /** Stops when the validation has not risen for so many epochs, and keeps the best weights. Default 5. */
  readonly patience?: number;
  readonly checkpoint?: CheckpointOptions;
  /** Beams of the search, at least twice the length of a list. Default 50. */
  readonly beams?: number;
  /**
   * Share of a list that is kept for the best items without training interactions, rounded down. Their scores are
   * seldom among the highest, so that without it they are not found. Default 0.
   */
  readonly epsilon?: number;
}

/** Options with their defaults, as they are saved. */
export interface TigerConfig {
  readonly mode: TigerMode;
  readonly dimension: number;
  readonly blocks: number;
  readonly heads: number;
  readonly inner: number;
  readonly dropout: number;
  readonly maxLength: number;
  readonly userTokens: number;
  readonly prefixVectors: boolean;
  readonly learningRate: number;
  readonly holdSteps: number;
  readonly warmUpSteps: number;
  readonly decay: RateDecay;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly patience: number;
  readonly beams: number;
  readonly epsilon: number;
}

/** Names of the options that {@link tigerConfig} reads. */
export const TIGER_OPTIONS = [
  'ids',
  'mode',
  'dimension',
  'blocks',
  'heads',
  'inner',
  'dropout',
  'maxLength',
  'userTokens',
  'prefixVectors',
  'learningRate',
  'holdSteps',
  'warmUpSteps',
  'decay',
  'weightDecay',
  'batchSize',
  'epochs',
  'validation',
  'patience',
  'checkpoint',
  'beams',
  'epsilon',
] as const;

/**
 * Checks options and fills in defaults.
 *
 * @throws InvalidInputError for what is out of bounds
 */
export function tigerConfig(options: TigerOptions): TigerConfig {
  const mode = checkChoice('mode', options.mode ?? 'efficient', MODES);
  const faithful = mode === 'faithful';
  const whole = (name: keyof TigerConfig & keyof TigerOptions, fallback: number, min = 1): number =>
    checkNumber(name, options[name] ?? fallback, { min, integer: true });
  const dimension = whole('dimension', faithful ? 128 : 64);
  return {
    mode,
    dimension,
    blocks: whole('blocks', faithful ? 4 : 2),
    heads: whole('heads', faithful ? 6 : 2),
    inner: whole('inner', faithful ? 1024 : 4 * dimension),
    dropout: checkNumber('dropout', options.dropout ?? (faithful ? 0.1 : 0.2), { min: 0, max: 0.95 }),
    maxLength: whole('maxLength', faithful ? 20 : 50, 2),
    userTokens: whole('userTokens', faithful ? 2000 : 0, 0),
    prefixVectors: options.prefixVectors ?? true,
    learningRate: checkNumber('learningRate', options.learningRate ?? (faithful ? 0.01 : 0.002), { min: 0 }),
    holdSteps: whole('holdSteps', 10_000),
    warmUpSteps: whole('warmUpSteps', 0, 0),
    decay: checkChoice('decay', options.decay ?? 'none', RATE_DECAYS),
    weightDecay: checkNumber('weightDecay', options.weightDecay ?? 0.01, { min: 0 }),
    batchSize: whole('batchSize', faithful ? 256 : 64),
    epochs: whole('epochs', 60),
    patience: whole('patience', 5),
    beams: whole('beams', 50),
    epsilon: checkNumber('epsilon', options.epsilon ?? 0, { min: 0, max: 1 }),
  };
}
