import { type Disposable, RandomStream } from '@palate/core';
import {
  type EncodedInput,
  encodedSequenceLoss,
  type ForwardPass,
  type LabelTensors,
  normal,
  Parameters,
  sequenceLogLikelihoods,
  type T5,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { InputScale } from '../module/input-scale.js';
import { UserEmbeddingModule } from '../module/user-embedding-module.js';
import type { UemConfig } from './uem-options.js';

/** Histories of a batch as tensors. */
export interface HistoryTensors {
  /** `[batch, length, 3 * textWidth]`, oldest first, padding behind. */
  readonly rows: tf.Tensor;
  /** `[batch, length]`, 1 for items. */
  readonly present: tf.Tensor;
  /** int32 `[batch, length]`: how many items are newer. */
  readonly positions: tf.Tensor;
}

/** Soft prompt tokens of users. */
export interface PromptTensors {
  /** `[batch, length, width of the language model]`. */
  readonly tokens: tf.Tensor;
  /** `[batch, length]`, 1 for tokens that are there. */
  readonly present: tf.Tensor;
}

/** The part of an input that is text: `ids`, int32 `[batch, length]`, and `present`, 1 for tokens. */
export type InputTensors = Readonly<Record<'ids' | 'present', tf.Tensor>>;

/**
 * Language model, user embedding module and task tokens as one network. The encoder reads, in this order, the task tokens,
 * the user's soft prompt tokens and the text.
 */
export class PromptNetwork implements Disposable {
  readonly t5: T5;
  /** The weights that are trained: all, or without the language model's where that is frozen. */
  readonly parameters: Parameters;
  readonly module: UserEmbeddingModule | undefined;
  readonly #taskTokens: number;
  readonly #task: tf.Variable | undefined;

  /**
   * @param inputWidth - width of a history's rows
   * @param inputScale - what brings them to the size that fresh weights expect; one that is loaded has its own
   */
  constructor(t5: T5, inputWidth: number, config: UemConfig, seed: number, inputScale?: InputScale) {
    this.t5 = t5;
    this.parameters = config.frozen ? new Parameters() : t5.parameters;
    const random = new RandomStream(seed).fork('uem');
    const { width, heads, inner, layers, dropout, historyLength } = config;
    this.module =
      historyLength === 0
        ? undefined
        : new UserEmbeddingModule(this.parameters, random, {
            inputWidth,
            width,
            heads,
            inner,
            layers,
            dropout,
            historyLength,
            promptWidth: t5.config.d_model,
            inputScale,
          });
    this.#taskTokens = config.taskTokens;
    this.#task =
      config.taskTokens === 0
        ? undefined
        : this.parameters.add('uem.task', [config.taskTokens, t5.config.d_model], normal(1), random);
  }

  /** Every weight by name, trained or not. */
  get allParameters(): readonly Parameters[] {
    return this.parameters === this.t5.parameters ? [this.parameters] : [this.t5.parameters, this.parameters];
  }

  /** Soft prompt tokens of histories; nothing where the network reads none. */
  prompts(history: HistoryTensors, pass: ForwardPass): PromptTensors | undefined {
    if (!this.module) return undefined;
    const { rows, present, positions } = history;
    return { tokens: this.module.apply(rows, present, positions, pass), present };
  }

  /** The encoder's states of [task tokens; soft prompt; text]. */
  encode(prompts: PromptTensors | undefined, input: InputTensors, pass: ForwardPass): EncodedInput {
    const batch = input.ids.shape[0] as number;
    const vectors = [this.t5.embed(input.ids)];
    const present = [tf.cast(input.present, 'float32')];
    if (prompts) {
      vectors.unshift(prompts.tokens);
      present.unshift(prompts.present);
    }
    if (this.#task) {
      vectors.unshift(tf.tile(tf.expandDims(this.#task as tf.Tensor, 0), [batch, 1, 1]));
      present.unshift(tf.ones([batch, this.#taskTokens]));
    }
    return this.t5.encodeEmbedded(tf.concat(vectors, 1), tf.concat(present, 1), pass);
  }

  /** Mean negative log-likelihood of the answers, in nats a token. */
  loss(
    prompts: PromptTensors | undefined,
    input: InputTensors,
    answer: LabelTensors,
    pass: ForwardPass,
  ): tf.Scalar {
    return encodedSequenceLoss(this.t5, this.encode(prompts, input, pass), answer, pass);
  }

  /** Summed log-probability of each answer, `[batch]`, in nats. */
  logLikelihoods(
    prompts: PromptTensors | undefined,
    input: InputTensors,
    answer: LabelTensors,
    pass: ForwardPass,
  ): tf.Tensor1D {
    return sequenceLogLikelihoods(this.t5, this.encode(prompts, input, pass), answer, pass);
  }

  /** Frees all weights. */
  dispose(): void {
    for (const parameters of this.allParameters) parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
