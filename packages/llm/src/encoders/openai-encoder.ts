import { checkNumber, checkOptions, type LongCallOptions } from '@palate/core';
import { estimateTokens } from '../models/count-tokens.js';
import { ModelCallError } from '../models/model-error.js';
import {
  OPENAI_CONNECTION_OPTIONS,
  OpenAIConnection,
  type OpenAIConnectionOptions,
} from '../models/openai-connection.js';
import { BatchedEncoder, type EncoderOptions } from './batched-encoder.js';
import type { EmbeddingModel, PreparedText } from './embedding-model.js';

/** Options of {@link openaiEncoder}. */
export interface OpenAIEncoderOptions extends EncoderOptions, OpenAIConnectionOptions {
  /** For example `"text-embedding-3-small"`, or what a local server calls its model. */
  readonly model: string;
  /** Width to ask for, where the model can shorten its vectors. Default: the model's own. */
  readonly dimensions?: number;
  /** Texts a request. Default 64. */
  readonly batchSize?: number;
  /** Characters after which a text is cut, counted as truncated. Default 24,000, about 6,000 English words. */
  readonly maxCharacters?: number;
}

class OpenAIEmbeddingModel implements EmbeddingModel {
  readonly id: string;
  readonly width: number;
  readonly #ask: (texts: readonly string[], signal?: AbortSignal) => Promise<Float32Array[]>;
  readonly #options: OpenAIEncoderOptions;

  constructor(
    options: OpenAIEncoderOptions,
    width: number,
    ask: (texts: readonly string[], signal?: AbortSignal) => Promise<Float32Array[]>,
  ) {
    this.id = `openai:${options.model}:${width}`;
    this.width = width;
    this.#ask = ask;
    this.#options = options;
  }

  prepare(text: string): PreparedText {
    const most = this.#options.maxCharacters ?? 24_000;
    // Servers refuse the empty text.
    const input = text.trim() === '' ? ' ' : text.slice(0, most);
    return { input, length: estimateTokens(input), truncated: text.length > most };
  }

  batchSize(): number {
    return this.#options.batchSize ?? 64;
  }

  async embed(batch: readonly PreparedText[], options: LongCallOptions): Promise<Float32Array> {
    const rows = await this.#ask(
      batch.map(({ input }) => input as string),
      options.signal,
    );
    const data = new Float32Array(batch.length * this.width);
    for (const [k, row] of rows.entries()) {
      if (row.length !== this.width)
        throw badVectors(`${row.length} numbers`, `${this.width} numbers a text`);
      data.set(row, k * this.width);
    }
    return data;
  }
}

const badVectors = (received: string, expected: string): ModelCallError =>
  new ModelCallError('bad-answer', {
    expected: `${expected} from the embedding endpoint`,
    received,
    hint: 'The server is no OpenAI-compatible embedding server, or changed its model.',
  });

/**
 * A text encoder behind an OpenAI-compatible embedding endpoint. Its width is learned from a first request.
 *
 * @throws ModelCallError if the server does not answer properly; no API key is part of it
 */
export async function openaiEncoder(options: OpenAIEncoderOptions): Promise<BatchedEncoder> {
  checkOptions('openaiEncoder', options, [
    ...OPENAI_CONNECTION_OPTIONS,
    'model',
    'dimensions',
    'batchSize',
    'maxCharacters',
    'cacheDir',
  ]);
  for (const name of ['dimensions', 'batchSize', 'maxCharacters'] as const)
    if (options[name] !== undefined) checkNumber(name, options[name], { min: 1, integer: true });
  const { model, dimensions, batchSize, maxCharacters, cacheDir, ...where } = options;
  const connection = new OpenAIConnection(where);
  const ask = (texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> =>
    connection.call('an embedding', signal, async (client, either) => {
      const answer = await client.embeddings.create(
        {
          model,
          input: [...texts],
          encoding_format: 'float',
          ...(dimensions === undefined ? {} : { dimensions }),
        },
        { signal: either },
      );
      const rows: unknown = answer?.data;
      if (!Array.isArray(rows) || rows.length !== texts.length)
        throw badVectors(
          Array.isArray(rows) ? `${rows.length} vectors` : 'no list',
          `${texts.length} vectors`,
        );
      const found = new Array<Float32Array>(texts.length);
      for (const [k, row] of (answer.data as { index?: number; embedding: unknown }[]).entries()) {
        // Servers may answer in another order and say so by the index.
        const at = row.index ?? k;
        if (!Array.isArray(row.embedding) || at < 0 || at >= texts.length || found[at])
          throw badVectors('an entry without a vector or with a bad index', 'a vector for every text');
        found[at] = Float32Array.from(row.embedding as number[]);
      }
      return found;
    });
  const [probe] = await ask(['width']);
  return new BatchedEncoder(
    new OpenAIEmbeddingModel(options, (probe as Float32Array).length, ask),
    cacheDir === undefined ? {} : { cacheDir },
  );
}
