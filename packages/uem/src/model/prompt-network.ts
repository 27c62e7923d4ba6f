import { type Disposable, RandomStream } from '@palate/core';
import {
  type EncodedInput,
  type ForwardPass,
  normal,
  Parameters,
  softmaxCrossEntropy,
  type T5,
  type TextPairs,
} from '@palate/nn';
import { sparseCrossEntropy } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
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

/** Answers that are learned or scored, as `sequenceLoss` takes them. */
export type AnswerTensors = Pick<TextPairs, 'decoderIds' | 'labels' | 'labelWeights'>;

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

  /** @param inputWidth - width of a history's rows */
  constructor(t5: T5, inputWidth: number, config: UemConfig, seed: number) {
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
    answer: AnswerTensors,
    pass: ForwardPass,
  ): tf.Scalar {
    return softmaxCrossEntropy(
      this.#logits(prompts, input, answer, pass),
      tf.reshape(answer.labels, [-1]) as tf.Tensor1D,
      tf.reshape(answer.labelWeights, [-1]) as tf.Tensor1D,
    );
  }

  /** Summed log-probability of each answer, `[batch]`, in nats. */
  logLikelihoods(
    prompts: PromptTensors | undefined,
    input: InputTensors,
    answer: AnswerTensors,
    pass: ForwardPass,
  ): tf.Tensor1D {
    const losses = sparseCrossEntropy(
      this.#logits(prompts, input, answer, pass),
      tf.reshape(answer.labels, [-1]) as tf.Tensor1D,
    );
    const rows = tf.reshape(losses, answer.labels.shape as [number, number]);
    return tf.neg(tf.sum(tf.mul(rows, answer.labelWeights), 1)) as tf.Tensor1D;
  }

  #logits(
    prompts: PromptTensors | undefined,
    input: InputTensors,
    answer: AnswerTensors,
    pass: ForwardPass,
  ): tf.Tensor2D {
    const encoded = this.encode(prompts, input, pass);
    const logits = this.t5.logits(this.t5.decode(answer.decoderIds, encoded, pass));
    return tf.reshape(logits, [-1, this.t5.config.vocab_size]) as tf.Tensor2D;
  }

  /** Frees all weights. */
  dispose(): void {
    for (const parameters of this.allParameters) parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
