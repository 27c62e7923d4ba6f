import { checkNumber, checkOptions, type LongCallOptions } from '@palate/core';
import { type RetryOptions, retrier } from '../middleware/retry.js';
import { badBody, jsonBody } from '../models/chat-format.js';
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
  /** How requests that fail for a while (too many, overloaded) are sent again, as by `withRetry`; `false` for never. */
  readonly retry?: RetryOptions | false;
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

  async embed(batch: readonly PreparedText[], { signal }: LongCallOptions): Promise<Float32Array> {
    const rows = await this.#rows(
      batch.map(({ input }) => input as string),
      signal,
    );
    const data = new Float32Array(batch.length * this.width);
    for (const [k, row] of rows.entries()) data.set(row, k * this.width);
    return data;
  }

  /** Vectors of texts; of those that a server cannot put into numbers, not-a-number. */
  async #rows(texts: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    try {
      const rows = (await this.#ask(texts, signal)).map((row) =>
        // Nothing for one text leaves the others theirs.
        row.length === 0 ? new Float32Array(this.width).fill(Number.NaN) : row,
      );
      for (const [k, row] of rows.entries())
        if (row.length !== this.width)
          throw badVectors(
            `${row.length} numbers for ${JSON.stringify(texts[k]?.slice(0, 60))}`,
            `${this.width} numbers a text`,
          );
      return rows;
    } catch (error) {
      if (!isNotANumber(error)) throw error;
      if (texts.length === 1) return [new Float32Array(this.width).fill(Number.NaN)];
      // One text fails the whole batch: the halves without it do not.
      const half = Math.ceil(texts.length / 2);
      return [
        ...(await this.#rows(texts.slice(0, half), signal)),
        ...(await this.#rows(texts.slice(half), signal)),
      ];
    }
  }
}

/** Servers that cannot write not-a-number fail, or write what is no JSON. */
const isNotANumber = (error: unknown): boolean =>
  error instanceof ModelCallError &&
  (error.code === 'server-failed' || error.code === 'bad-answer') &&
  /\bNaN\b|\bInf(inity)?\b|not JSON compliant|token '?N/.test(error.received);

/** A vector of an answer: numbers, or their bytes in base64; what is no number is not-a-number. */
function readVector(embedding: unknown): Float32Array | undefined {
  if (typeof embedding === 'string') {
    const bytes = Uint8Array.from(Buffer.from(embedding, 'base64'));
    return bytes.length > 0 && bytes.length % 4 === 0 ? new Float32Array(bytes.buffer) : undefined;
  }
  if (!Array.isArray(embedding) || embedding.length === 0) return undefined;
  return Float32Array.from(embedding, (value: unknown) => (typeof value === 'number' ? value : Number.NaN));
}

const badVectors = (
  received: string,
  expected: string,
  hint = 'The server is no OpenAI-compatible embedding server, or changed its model.',
): ModelCallError =>
  new ModelCallError('bad-answer', {
    expected: `${expected} from the embedding endpoint`,
    received,
    hint,
  });

/**
 * A text encoder behind an OpenAI-compatible embedding endpoint. Its width is learned from a first request. Requests that
 * fail for a while are sent again.
 *
 * A text that the server has no numbers for fails by itself: `encode` names it once all the others are encoded.
 *
 * @throws ModelCallError if the server does not answer properly, or gives another width than `dimensions`; no API
 *   key is part of it
 */
export async function openaiEncoder(options: OpenAIEncoderOptions): Promise<BatchedEncoder> {
  checkOptions('openaiEncoder', options, [
    ...OPENAI_CONNECTION_OPTIONS,
    'model',
    'dimensions',
    'batchSize',
    'maxCharacters',
    'cacheDir',
    'retry',
  ]);
  for (const name of ['dimensions', 'batchSize', 'maxCharacters'] as const)
    if (options[name] !== undefined) checkNumber(name, options[name], { min: 1, integer: true });
  const { model, dimensions, batchSize, maxCharacters, cacheDir, retry, ...where } = options;
  const again = retrier(retry === false ? { maxAttempts: 1 } : (retry ?? {}));
  const connection = new OpenAIConnection({
    ...where,
    // Numbers of some 20 letters each, as many as the widest models give.
    maxAnswerBytes: where.maxAnswerBytes ?? Math.max(2 ** 26, (batchSize ?? 64) * 8192 * 24),
  });
  const ask = async (texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> => {
    const rows = await again(signal, (either) =>
      askOnce(texts, either).catch((error: unknown) => {
        // The same text has no numbers the next time either.
        if (isNotANumber(error)) return error as ModelCallError;
        throw error;
      }),
    );
    if (!Array.isArray(rows)) throw rows;
    return rows;
  };
  const askOnce = (texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> =>
    connection.call('an embedding', signal, async (client, either) => {
      const answer = jsonBody(
        await client.embeddings.create(
          {
            model,
            input: [...texts],
            encoding_format: 'float',
            ...(dimensions === undefined ? {} : { dimensions }),
          },
          { signal: either },
        ),
      );
      const rows = (answer as { data?: unknown } | null)?.data;
      if (!Array.isArray(rows) || (rows.length === 0 && texts.length > 0))
        throw badBody(answer, connection, 'an embedding', 'data');
      if (rows.length !== texts.length) throw badVectors(`${rows.length} vectors`, `${texts.length} vectors`);
      const found = new Array<Float32Array>(texts.length);
      for (const [k, row] of (rows as ({ index?: unknown; embedding?: unknown } | null)[]).entries()) {
        // Servers may answer in another order and say so by the index.
        const at = typeof row?.index === 'number' ? row.index : k;
        const isFree = Number.isInteger(at) && at >= 0 && at < texts.length && !found[at];
        const given = row === null ? null : row.embedding;
        const isNothing = given === null || (Array.isArray(given) && given.length === 0);
        const vector = !isFree ? undefined : isNothing ? new Float32Array(0) : readVector(given);
        if (!vector)
          throw badVectors('an entry without a vector or with a bad index', 'a vector for every text');
        found[at] = vector;
      }
      return found;
    });
  const [probe] = await ask(['width']);
  const { length: width } = probe as Float32Array;
  if (width === 0) throw badVectors('an entry without a vector', 'a vector for every text');
  if (dimensions !== undefined && width !== dimensions)
    throw badVectors(
      `${width} numbers`,
      `${dimensions} numbers a text, as dimensions asks for,`,
      'The server ignores dimensions: leave it out, and use reduceVectors for shorter vectors.',
    );
  return new BatchedEncoder(
    new OpenAIEmbeddingModel(options, width, ask),
    cacheDir === undefined ? {} : { cacheDir },
  );
}
