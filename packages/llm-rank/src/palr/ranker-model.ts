import { type EmbeddingTable, InvalidInputError } from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  ForwardPass,
  type Parameters,
  softmaxCrossEntropy,
  T5,
  t5Config,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { LocalRankerConfig } from './local-ranker-options.js';
import { type RankerVocabulary, SPECIAL } from './ranker-vocabulary.js';

/** Longest parts of an input. */
export const LENGTHS = { profile: 16, history: 20, candidates: 50, labels: 10 } as const;

/** Lengths of inputs: with and without candidates. */
const WITHOUT = 3 + LENGTHS.profile + LENGTHS.history;
const WITH = WITHOUT + 1 + LENGTHS.candidates;
/** Score of an item that may not be generated. */
const CLOSED = -1e9;
/** Numbers of rows scored at once, padded to so that few graphs serve all. */
const ROW_SIZES = [1, 8, 64, 256];

/** What the model is shown of one request. */
export interface RankerInput {
  readonly profile: string;
  readonly history: readonly number[];
  /** Candidates in the order shown; none to recommend from the catalogue. */
  readonly candidates: readonly number[];
}

/** A T5 that reads profile words, items and candidates, one token each, and writes items. */
export class RankerModel {
  readonly t5: T5;
  readonly #vocabulary: RankerVocabulary;

  constructor(
    vocabulary: RankerVocabulary,
    config: LocalRankerConfig,
    seed: number,
    vectors?: EmbeddingTable,
  ) {
    const { dimension, blocks, heads, dropout } = config;
    this.#vocabulary = vocabulary;
    this.t5 = new T5(
      t5Config(
        {
          vocab_size: vocabulary.size,
          d_model: dimension,
          d_kv: Math.max(8, Math.floor(dimension / heads)),
          d_ff: 4 * dimension,
          num_layers: blocks,
          num_heads: heads,
          dropout_rate: dropout,
          feed_forward_proj: 'gated-gelu',
          tie_word_embeddings: true,
        },
        'the local ranker',
      ),
      seed,
    );
    if (vectors) this.#startItems(vectors, dimension);
  }

  get parameters(): Parameters {
    return this.t5.parameters;
  }

  /** Lets items start from what is known of them, at the scale of other tokens. */
  #startItems(vectors: EmbeddingTable, dimension: number): void {
    if (vectors.width !== dimension)
      throw new InvalidInputError({
        expected: `item vectors as wide as the model, ${dimension}`,
        received: String(vectors.width),
        mend: 'Reduce them (reduceVectors of @palate/llm), or change the dimension.',
      });
    const { data } = vectors.align(this.#vocabulary.items);
    let square = 0;
    for (const value of data) square += value * value;
    const scale = square > 0 ? Math.sqrt(data.length / square) : 1;
    const table = this.parameters.get('shared.weight');
    const known = tf.tidy(() => {
      const head = tf.slice(
        table as tf.Tensor as tf.Tensor2D,
        [0, 0],
        [this.#vocabulary.firstItem, dimension],
      );
      const items = tf.mul(tf.tensor2d(data, [this.#vocabulary.items.size, dimension]), scale);
      return tf.concat([head, items as tf.Tensor2D], 0);
    });
    table.assign(known);
    known.dispose();
  }

  /** Writes the tokens of an input to a row of `ids`, and marks them. */
  #write(input: RankerInput, ids: Int32Array, present: Float32Array, from: number): void {
    const vocabulary = this.#vocabulary;
    const tokens = [
      input.candidates.length > 0 ? SPECIAL.recommendRetrieval : SPECIAL.recommend,
      SPECIAL.profile,
      ...vocabulary.profile(input.profile, LENGTHS.profile),
      SPECIAL.history,
      ...input.history.slice(-LENGTHS.history).map((item) => vocabulary.item(item)),
      ...(input.candidates.length > 0
        ? [
            SPECIAL.candidates,
            ...input.candidates.slice(0, LENGTHS.candidates).map((item) => vocabulary.item(item)),
          ]
        : []),
    ];
    ids.set(tokens, from);
    present.fill(1, from, from + tokens.length);
  }

  /** A batch of inputs of one kind with their labels. */
  batch(inputs: readonly (RankerInput & { readonly labels: readonly number[] })[], rows: number): Batch {
    const hasCandidates = (inputs[0]?.candidates.length ?? 0) > 0;
    const width = hasCandidates ? WITH : WITHOUT;
    const items = this.#vocabulary.items.size;
    const ids = new Int32Array(rows * width);
    const present = new Float32Array(rows * width);
    const labels = new Int32Array(rows * LENGTHS.labels).fill(-100);
    const targets = new Int32Array(rows * LENGTHS.labels);
    const weights = new Float32Array(rows * LENGTHS.labels);
    const closed = new Float32Array(rows * items);
    for (const [row, input] of inputs.entries()) {
      this.#write(input, ids, present, row * width);
      for (const [k, item] of input.labels.slice(0, LENGTHS.labels).entries()) {
        labels[row * LENGTHS.labels + k] = this.#vocabulary.item(item);
        targets[row * LENGTHS.labels + k] = item;
        // What comes soonest is what a list is judged by.
        weights[row * LENGTHS.labels + k] = 1 / Math.log2(k + 2);
      }
      const own = closed.subarray(row * items, (row + 1) * items);
      if (hasCandidates) {
        own.fill(CLOSED);
        for (const item of input.candidates) own[item] = 0;
      } else for (const item of input.history) own[item] = CLOSED;
      for (const item of input.labels) own[item] = 0;
    }
    return {
      ids: { shape: [rows, width], values: ids },
      present: { shape: [rows, width], values: present },
      decoderIds: { shape: [rows, LENGTHS.labels], values: this.t5.shiftRight(labels, LENGTHS.labels) },
      targets: { shape: [rows * LENGTHS.labels], values: targets },
      weights: { shape: [rows * LENGTHS.labels], values: weights },
      closed: { shape: [rows, 1, items], values: closed },
    };
  }

  /** Scores of all items from decoder states, `[…, items]`. */
  #itemScores(states: tf.Tensor): tf.Tensor {
    const { d_model } = this.t5.config;
    const table = tf.slice(
      this.parameters.get('shared.weight') as tf.Tensor as tf.Tensor2D,
      [this.#vocabulary.firstItem, 0],
      [this.#vocabulary.items.size, d_model],
    );
    const rows = tf.reshape(tf.mul(states, d_model ** -0.5), [-1, d_model]) as tf.Tensor2D;
    return tf.reshape(tf.matMul(rows, table, false, true), [...states.shape.slice(0, -1), -1]);
  }

  /** Mean negative log-likelihood of the labels among what may be generated, in nats an item. */
  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { ids, present, decoderIds, targets, weights, closed } = batch as Record<
      'ids' | 'present' | 'decoderIds' | 'targets' | 'weights' | 'closed',
      tf.Tensor
    >;
    const states = this.t5.decode(decoderIds, this.t5.encode(ids, present, pass), pass);
    const scores = tf.add(this.#itemScores(states), closed);
    return softmaxCrossEntropy(
      tf.reshape(scores, [-1, this.#vocabulary.items.size]) as tf.Tensor2D,
      targets as tf.Tensor1D,
      weights as tf.Tensor1D,
    );
  }

  /**
   * Scores of every item as the first of the answer.
   *
   * @param inputs - all with candidates, or all without
   * @returns row-major, one row of items an input
   */
  async score(inputs: readonly RankerInput[]): Promise<Float32Array> {
    const items = this.#vocabulary.items.size;
    const width = (inputs[0]?.candidates.length ?? 0) > 0 ? WITH : WITHOUT;
    const result = new Float32Array(inputs.length * items);
    const block = ROW_SIZES.at(-1) as number;
    for (let from = 0; from < inputs.length; from += block) {
      const chunk = inputs.slice(from, from + block);
      const rows = ROW_SIZES.find((size) => size >= chunk.length) as number;
      const ids = new Int32Array(rows * width);
      const present = new Float32Array(rows * width);
      for (let row = 0; row < rows; row++)
        this.#write(chunk[row] ?? (chunk[0] as RankerInput), ids, present, row * width);
      const scores = tf.tidy(() => {
        const pass = ForwardPass.inference();
        const encoded = this.t5.encode(
          tf.tensor2d(ids, [rows, width], 'int32'),
          tf.tensor2d(present, [rows, width]),
          pass,
        );
        const start = tf.fill([rows, 1], this.t5.config.decoder_start_token_id, 'int32');
        return this.#itemScores(this.t5.decode(start, encoded, pass));
      });
      const values = await scores.data<'float32'>();
      scores.dispose();
      result.set(values.subarray(0, chunk.length * items), from * items);
    }
    return result;
  }
}
