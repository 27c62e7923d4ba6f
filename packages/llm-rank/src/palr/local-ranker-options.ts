import {
  checkNumber,
  checkOptions,
  type EmbeddingTable,
  type InteractionLog,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  type Retriever,
} from '@palate/core';
import type { CheckpointOptions, T5Config } from '@palate/nn';
import type { InstructionDataOptions, InstructionTask } from './instruction-data.js';

/** Options of `LocalRanker.fit`. */
export interface LocalRankerOptions
  extends LongCallOptions,
    Pick<InstructionDataOptions, 'userShare' | 'perUser' | 'swap' | 'leastHistory'> {
  /** `['recommend']` is the paper's v1, both tasks (the default) its v2. */
  readonly tasks?: readonly InstructionTask[];
  /** Profiles in words, by external user id, from training histories alone. */
  readonly profiles?: ReadonlyMap<string, string>;
  /** What is known of the items: vectors of their texts, of the width of the model, as starting item vectors. */
  readonly vectors?: EmbeddingTable;
  /**
   * A HuggingFace T5 folder to start from in place of fresh weights (v1.0, v1.1 or Flan): `config.json`,
   * `model.safetensors`, `tokenizer.json` and `tokenizer_config.json`. Words go through its tokenizer, and every item
   * is a new token that starts as the mean of the tokens of its title. The folder decides the shape of the model:
   * another `dimension`, `blocks` or `heads` is refused, and so are `vectors`. Needs the optional package
   * `@huggingface/transformers`.
   */
  readonly startFrom?: string;
  /** Width of the model. Default 64, or the folder's. */
  readonly dimension?: number;
  /** Blocks of encoder and decoder each. Default 2, or the folder's. */
  readonly blocks?: number;
  /** Attention heads. Default 4, or the folder's. */
  readonly heads?: number;
  /** Default 0.2, or the folder's. */
  readonly dropout?: number;
  /** Default 1e-3; 3e-4 for a start from a folder. */
  readonly learningRate?: number;
  readonly weightDecay?: number;
  /** Samples a step. Default 32. */
  readonly batchSize?: number;
  /** Most passes over the instruction data, whose candidates stand in another order each time. Default 30. */
  readonly epochs?: number;
  /** Epochs without a better validation after which it stops. Default 5. */
  readonly patience?: number;
  /** Held-out interactions of the training users, for early stopping and for the weight of the retriever's order. */
  readonly validation?: InteractionLog;
  /** Fitted on the same training data; gives the candidates of the validation. */
  readonly retriever?: Retriever;
  readonly checkpoint?: CheckpointOptions;
}

/** Options with their defaults, as they are saved. */
export interface LocalRankerConfig {
  readonly tasks: readonly InstructionTask[];
  readonly dimension: number;
  readonly blocks: number;
  readonly heads: number;
  readonly dropout: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly patience: number;
  /** Shape of the T5 with its items, where it started from a folder. */
  readonly t5?: T5Config;
}

/** Checks options and fills in defaults. */
export function localRankerConfig(options: LocalRankerOptions): LocalRankerConfig {
  checkOptions('LocalRanker.fit', options, [
    ...LONG_CALL_OPTIONS,
    'userShare',
    'perUser',
    'swap',
    'leastHistory',
    'tasks',
    'profiles',
    'vectors',
    'startFrom',
    'dimension',
    'blocks',
    'heads',
    'dropout',
    'learningRate',
    'weightDecay',
    'batchSize',
    'epochs',
    'patience',
    'validation',
    'retriever',
    'checkpoint',
  ]);
  const whole = (
    name: 'dimension' | 'blocks' | 'heads' | 'batchSize' | 'epochs' | 'patience',
    fallback: number,
  ): number => checkNumber(name, options[name] ?? fallback, { min: 1, integer: true });
  return {
    tasks: options.tasks ?? ['recommend', 'recommend-retrieval'],
    dimension: whole('dimension', 64),
    blocks: whole('blocks', 2),
    heads: whole('heads', 4),
    dropout: checkNumber('dropout', options.dropout ?? 0.2, { min: 0, max: 0.9 }),
    learningRate: checkNumber('learningRate', options.learningRate ?? 1e-3, { min: 0 }),
    weightDecay: checkNumber('weightDecay', options.weightDecay ?? 0.01, { min: 0 }),
    batchSize: whole('batchSize', 32),
    epochs: whole('epochs', 30),
    patience: whole('patience', 5),
  };
}
