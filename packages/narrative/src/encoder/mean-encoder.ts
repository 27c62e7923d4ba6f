import type { LongCallOptions } from '@palate/core';
import { BatchedEncoder, type EncoderParts } from '@palate/llm';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { paddedRows, rowsAt } from './encode-tokens.js';
import type { CountedMeans } from './text-rows.js';
import { padTokens } from './token-batches.js';
import { TrainedEncoder } from './trained-encoder.js';

/** Means of texts' states, and how many of the texts were cut. */
export interface Means extends CountedMeans {
  readonly truncated: number;
}

/**
 * Means of the states that an encoder gives to a text's tokens: what lies below its head. They are the same for every
 * head, so that a text is run through the layers once, and never again where a folder keeps them.
 */
export class MeanEncoder {
  readonly #front: BatchedEncoder;
  readonly #encoder: TrainedEncoder;
  readonly #most: number;

  /**
   * @param most - tokens of a text that are read
   * @param cacheDir - folder in which the means are kept
   */
  constructor(parts: EncoderParts, most: number, cacheDir: string | undefined) {
    const { width } = parts;
    // Nothing of it is trained: the weights are held as constants.
    const encoder = new TrainedEncoder(parts, 'none');
    this.#encoder = encoder;
    this.#most = most;
    this.#front = new BatchedEncoder(
      {
        id: `${parts.id}:means:${most}`,
        // A value of 1 beside the mean keeps its length, since rows come back at norm 1.
        width: width + 1,
        prepare: (text) => {
          const ids = parts.tokenize(text);
          return {
            input: ids.subarray(0, most),
            length: Math.min(most, Math.max(1, ids.length)),
            truncated: ids.length > most,
          };
        },
        batchSize: rowsAt,
        embed: async (batch) => {
          await selectBackend();
          const { ids, present, length } = padTokens(
            batch.map(({ input }) => input as Int32Array),
            most,
            paddedRows(batch.length, Math.max(...batch.map(({ length }) => length))),
          );
          const rows = present.length / length;
          const result = tf.tidy(() => {
            const there = tf.tensor2d(present, [rows, length]);
            const running = encoder.running();
            const states = running.states(tf.tensor2d(ids, [rows, length], 'int32'), there);
            return tf.concat([running.mean(states, there), tf.ones([rows, 1])], 1);
          });
          const values = await result.data<'float32'>();
          result.dispose();
          return values.subarray(0, batch.length * (width + 1));
        },
      },
      { cacheDir },
    );
  }

  async means(texts: readonly string[], options: LongCallOptions = {}): Promise<Means> {
    const { data, width, truncated } = await this.#front.encode(texts, options);
    const own = width - 1;
    const values = new Float32Array(texts.length * own);
    for (let row = 0; row < texts.length; row++) {
      const scale = 1 / data[row * width + own]!;
      for (let k = 0; k < own; k++) values[row * own + k] = data[row * width + k]! * scale;
    }
    const lengths = texts.map((text) => Math.min(this.#most, this.#encoder.parts.tokenize(text).length));
    return { means: values, lengths, truncated };
  }

  /** Frees the weights and closes the folder. */
  async close(): Promise<void> {
    this.#encoder.dispose();
    await this.#front.close();
  }
}
