import type { LongCallOptions, RandomStream } from '@palate/core';
import type { Batch, BatchTensors, ForwardPass } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { encodeTokens } from './encode-tokens.js';
import { padTokens } from './token-batches.js';
import type { TrainedEncoder } from './trained-encoder.js';

/** Texts as training reads them: some of them as tensors of a batch, and their vectors by the weights as they are. */
export interface TextRows {
  readonly size: number;
  /**
   * The tensors of some texts, their names beginning with a prefix.
   *
   * @param random - draws what is mixed into them while training
   */
  batch(prefix: string, rows: ArrayLike<number>, random: RandomStream): Batch;
  /** Vectors of a batch's texts, `[rows, width]` of norm 1. */
  vectors(prefix: string, batch: BatchTensors, pass: ForwardPass): tf.Tensor2D;
  /** Vectors of some texts, or of all of them, row-major. */
  all(rows: ArrayLike<number> | undefined, options: LongCallOptions): Promise<Float32Array>;
}

/** Texts as tokens: every step runs the encoder over them. */
export function tokenRows(
  encoder: TrainedEncoder,
  tokens: readonly Int32Array[],
  most: number,
  dropout: number,
): TextRows {
  const some = (rows: ArrayLike<number>): Int32Array[] =>
    Array.from(rows, (row) => tokens[row] as Int32Array);
  return {
    size: tokens.length,
    batch: (prefix, rows) => {
      const { ids, present, length } = padTokens(some(rows), most);
      return {
        [`${prefix}Ids`]: { shape: [rows.length, length], values: ids },
        [`${prefix}Present`]: { shape: [rows.length, length], values: present },
      };
    },
    vectors: (prefix, batch, pass) => {
      const running = encoder.running();
      const present = batch[`${prefix}Present`] as tf.Tensor2D;
      return running.pool(
        running.states(batch[`${prefix}Ids`] as tf.Tensor2D, present, { pass, dropout }),
        present,
      );
    },
    all: (rows, { signal }) => encodeTokens(encoder, rows ? some(rows) : tokens, most, signal),
  };
}

/** Means of texts and how many tokens each is of. */
export interface CountedMeans {
  readonly means: Float32Array;
  readonly lengths: ArrayLike<number>;
}

/** Sentences around what is asked for: some are mixed into each text of a batch. */
export interface Surroundings extends CountedMeans {
  /** Most sentences that are mixed into one text. */
  readonly most: number;
}

/**
 * Texts as means of their states, which do not change where the head alone is trained.
 *
 * @param around - mixed into the texts of a batch, as if they were written around them: the mean of a longer text is that of
 *   its parts by their tokens, but for the attention between them
 */
export function meanRows(
  encoder: TrainedEncoder,
  texts: CountedMeans,
  dropout: number,
  around?: Surroundings,
): TextRows {
  const { width } = encoder.parts;
  const { means } = texts;
  const some = (rows: ArrayLike<number>): Float32Array => {
    const values = new Float32Array(rows.length * width);
    for (let at = 0; at < rows.length; at++)
      values.set(means.subarray(rows[at]! * width, (rows[at]! + 1) * width), at * width);
    return values;
  };
  return {
    size: means.length / width,
    batch: (prefix, rows, random) => {
      const values = some(rows);
      if (around)
        for (let at = 0; at < rows.length; at++)
          surround(values.subarray(at * width, (at + 1) * width), texts.lengths[rows[at]!]!, around, random);
      return { [`${prefix}Means`]: { shape: [rows.length, width], values } };
    },
    vectors: (prefix, batch, pass) =>
      encoder.running().head(pass.dropout(batch[`${prefix}Means`] as tf.Tensor2D, dropout)),
    all: async (rows) => headVectors(encoder, rows ? some(rows) : means),
  };
}

/** Mixes some sentences into the mean of a text of some tokens. */
function surround(mean: Float32Array, tokens: number, around: Surroundings, random: RandomStream): void {
  const count = around.lengths.length;
  const drawn = random.sample(count, Math.min(count, random.integer(around.most + 1)));
  const width = mean.length;
  let all = tokens;
  for (let k = 0; k < width; k++) mean[k]! *= tokens;
  for (const at of drawn) {
    const length = around.lengths[at]!;
    all += length;
    for (let k = 0; k < width; k++) mean[k]! += length * around.means[at * width + k]!;
  }
  for (let k = 0; k < width; k++) mean[k]! /= Math.max(1, all);
}

/** Rows that go through a head at once. */
const ROWS = 4096;

/** Vectors of means by the head as it is. */
export async function headVectors(encoder: TrainedEncoder, means: Float32Array): Promise<Float32Array> {
  const { width } = encoder.parts;
  const vectors = new Float32Array(means.length);
  for (let from = 0; from < means.length; from += ROWS * width) {
    const values = means.subarray(from, from + ROWS * width);
    const result = tf.tidy(() => encoder.running().head(tf.tensor2d(values, [values.length / width, width])));
    vectors.set(await result.data<'float32'>(), from);
    result.dispose();
  }
  return vectors;
}
