import { type LongCallOptions, option } from '@palate/core';
import { RETRY_OPTION, type RetryOptions, retrier } from '../middleware/retry.js';
import { estimateTokens } from '../models/count-tokens.js';
import { ModelCallError } from '../models/model-error.js';
import type { EmbeddingModel, PreparedText } from './embedding-model.js';

const MAX_CHARACTERS = 24_000;

/** Options of how texts are sent, whatever the client. */
export const REMOTE_TEXTS = {
  maxCharacters: option.integer({ min: 1 })({
    default: MAX_CHARACTERS,
    doc: 'characters after which a text is cut, counted as truncated; the default is about 6,000 English words',
  }),
  retry: RETRY_OPTION,
} as const;

/** Asks for the vectors of texts, one each; an empty one where there is none. */
export type AskForVectors = (texts: readonly string[], signal?: AbortSignal) => Promise<Float32Array[]>;

/** Makes what asks again where requests fail for a while of what asks once. */
export function askingAgain(
  retry: RetryOptions | false,
  askOnce: (texts: readonly string[], signal: AbortSignal) => Promise<Float32Array[]>,
): AskForVectors {
  const again = retrier(retry);
  return async (texts, signal) => {
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
}

/**
 * Learns the width of vectors from a first request.
 *
 * @throws ModelCallError if it fails, or gives no vector
 */
export async function widthOf(ask: AskForVectors): Promise<number> {
  const [probe] = await ask(['width']);
  if (!probe?.length) throw badVectors('an entry without a vector', 'a vector for every text');
  return probe.length;
}

/** How texts are sent. */
export interface RemoteSettings {
  /** Texts a request. */
  readonly batchSize: number;
  /** Characters after which a text is cut, counted as truncated. */
  readonly maxCharacters: number;
}

/**
 * An embedding model that is asked over a network, by whatever client: texts are cut, and one that the server has no
 * numbers for fails by itself.
 */
export class RemoteEmbeddingModel implements EmbeddingModel {
  readonly id: string;
  readonly width: number;
  readonly #ask: AskForVectors;
  readonly #settings: RemoteSettings;

  constructor(id: string, settings: RemoteSettings, width: number, ask: AskForVectors) {
    const { maxCharacters } = settings;
    // What is cut elsewhere has another vector: vectors are cached by the id.
    this.id = maxCharacters === MAX_CHARACTERS ? id : `${id}:${maxCharacters}-characters`;
    this.width = width;
    this.#ask = ask;
    this.#settings = settings;
  }

  prepare(text: string): PreparedText {
    const most = this.#settings.maxCharacters;
    // Servers refuse the empty text.
    const input = text.trim() === '' ? ' ' : text.slice(0, most);
    return { input, length: estimateTokens(input), truncated: text.length > most };
  }

  batchSize(): number {
    return this.#settings.batchSize;
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
            `${this.width} numbers per text`,
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

/** The error for vectors that are none. */
export const badVectors = (
  received: string,
  expected: string,
  hint = 'The server is not an OpenAI-compatible embedding server, or changed its model.',
): ModelCallError =>
  new ModelCallError('bad-answer', {
    expected: `${expected} from the embedding endpoint`,
    received,
    hint,
  });
