import type { LongCallOptions } from '@palate/core';
import { BatchedEncoder, type EncoderParts } from '@palate/llm';
import { selectBackend } from '@palate/nn';
import { encodeRows, paddedRows, preparedTokens, rowsAt } from './encode-tokens.js';
import type { CountedMeans } from './text-rows.js';
import { padTokens } from './token-batches.js';
import { TrainedEncoder } from './trained-encoder.js';

/** Means of texts' states, and how many of the texts were cut. */
export interface Means {
  readonly means: Float32Array;
  readonly truncated: number;
}

/**
 * Means of the states that an encoder gives to a text's tokens: what lies below its head. They are the same for every
 * head, so that a text is run through the layers once, and never again where a folder keeps them.
 *
 * A text of more tokens than the encoder was trained to read is read in windows of like length, and the mean is that of
 * all: beyond its length use-lite finds almost nothing (HR@10 .06 instead of .21 for requests of more than 128 tokens).
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
    const window = Math.min(most, parts.maxTokens);
    // Nothing of it is trained: the weights are held as constants.
    const encoder = new TrainedEncoder(parts, 'none');
    this.#encoder = encoder;
    this.#most = most;
    this.#front = new BatchedEncoder(
      {
        id: `${parts.id}:means:${most}:${window}`,
        // A value of 1 beside the mean keeps its length, since rows come back at norm 1.
        width: width + 1,
        prepare: (text) => preparedTokens(parts, text, most),
        batchSize: rowsAt,
        embed: async (batch) => {
          await selectBackend();
          const own = batch.map(({ input }) => windowsOf(input as Int32Array, window));
          const windows = own.flat();
          const longest = Math.max(...windows.map(({ length }) => length), 1);
          const padded = padTokens(windows, window, paddedRows(windows.length, longest));
          return joinWindows(own, await encodeRows(encoder, padded, 'mean'), width);
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
    return { means: values, truncated };
  }

  /** Means with the tokens that each is of: splits every text, also those whose means are kept. */
  async counted(texts: readonly string[], options: LongCallOptions = {}): Promise<Means & CountedMeans> {
    const found = await this.means(texts, options);
    const { parts } = this.#encoder;
    return { ...found, lengths: texts.map((text) => Math.min(this.#most, parts.tokenize(text).length)) };
  }

  /** Frees the weights and closes the folder. */
  async close(): Promise<void> {
    this.#encoder.dispose();
    await this.#front.close();
  }
}

/** A text's tokens in as few windows as hold them, of like length. */
export function windowsOf(ids: Int32Array, window: number): Int32Array[] {
  const count = Math.max(1, Math.ceil(ids.length / window));
  const size = Math.ceil(ids.length / count);
  return Array.from({ length: count }, (_, k) => ids.subarray(k * size, (k + 1) * size));
}

/** Means of texts from those of their windows by tokens, each with a 1 behind it. */
function joinWindows(
  texts: readonly (readonly Int32Array[])[],
  means: Float32Array,
  width: number,
): Float32Array {
  const joined = new Float32Array(texts.length * (width + 1));
  let row = 0;
  for (const [text, windows] of texts.entries()) {
    const all = windows.reduce((sum, { length }) => sum + length, 0);
    const mean = joined.subarray(text * (width + 1), (text + 1) * (width + 1));
    for (const { length } of windows) {
      const share = all === 0 ? 1 / windows.length : length / all;
      for (let k = 0; k < width; k++) mean[k]! += share * means[row * width + k]!;
      row++;
    }
    mean[width] = 1;
  }
  return joined;
}
