import {
  checkOptions,
  defineOptions,
  type EncodedTexts,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  type OptionsOf,
  option,
  type TextEncoder,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import type { EmbeddingModel, PreparedText } from './embedding-model.js';
import { EncodingError, type FailedText } from './encoding-error.js';
import { type CachedVector, VectorCache } from './vector-cache.js';

/** Options that every text encoder takes. */
export const ENCODER = defineOptions(
  'a text encoder',
  {
    cacheDir: option.text(1).optional({
      doc: 'folder in which vectors are kept, so that a text is encoded once; left out: none are kept',
    }),
  },
  [],
);

/** Options that every text encoder takes; {@link ENCODER} says what each does. */
export type EncoderOptions = OptionsOf<typeof ENCODER.declarations>;

/**
 * The front of all text encoders: equal texts are encoded once, known ones come from the cache, the rest goes to the
 * model in batches of like length; vectors come back in the order of the texts with norm 1.
 */
export class BatchedEncoder implements TextEncoder {
  readonly id: string;
  readonly width: number;
  readonly #model: EmbeddingModel;
  readonly #cache: Promise<VectorCache> | undefined;

  constructor(model: EmbeddingModel, options: EncoderOptions = {}) {
    this.id = model.id;
    this.width = model.width;
    this.#model = model;
    const { cacheDir } = ENCODER.settings(options);
    this.#cache = cacheDir === undefined ? undefined : VectorCache.open(cacheDir, model.id, model.width);
    // The first call of `encode` tells why it could not be opened.
    this.#cache?.catch(() => {});
  }

  /**
   * @throws InvalidInputError if something is not a string
   * @throws EncodingError for texts whose vectors are no numbers or zero, once all the others are encoded
   * @throws CancelledError between two batches; what was encoded before is in the cache
   */
  async encode(texts: readonly string[], options: LongCallOptions = {}): Promise<EncodedTexts> {
    checkOptions('encode', options, LONG_CALL_OPTIONS);
    const rowsOfText = new Map<string, number[]>();
    for (const [row, text] of texts.entries()) {
      if (typeof text !== 'string')
        throw new InvalidInputError({
          expected: 'texts',
          received: `${typeof text} at position ${row}`,
          hint: 'Pass strings; the empty string is allowed.',
        });
      const rows = rowsOfText.get(text);
      if (rows) rows.push(row);
      else rowsOfText.set(text, [row]);
    }
    const data = new Float32Array(texts.length * this.width);
    let truncated = 0;
    let done = 0;
    const accept = (text: string, found: CachedVector): void => {
      for (const row of rowsOfText.get(text) ?? []) {
        data.set(found.vector, row * this.width);
        if (found.truncated) truncated++;
        done++;
      }
    };
    const cache = await this.#cache;
    const missing: { readonly text: string; readonly prepared: PreparedText }[] = [];
    for (const text of rowsOfText.keys()) {
      const known = cache?.get(text);
      if (known) accept(text, known);
      else missing.push({ text, prepared: this.#model.prepare(text) });
    }
    const failed: FailedText[] = [];
    missing.sort((a, b) => b.prepared.length - a.prepared.length);
    for (let from = 0; from < missing.length; ) {
      throwIfCancelled(options.signal, `encoding texts with ${this.id}`);
      const longest = missing[from]?.prepared.length ?? 0;
      const batch = missing.slice(from, from + Math.max(1, this.#model.batchSize(longest)));
      const rows = await this.#model.embed(
        batch.map(({ prepared }) => prepared),
        options,
      );
      const good: { readonly text: string; readonly found: CachedVector }[] = [];
      for (const [k, { text, prepared }] of batch.entries()) {
        const vector = unitVector(rows.subarray(k * this.width, (k + 1) * this.width));
        if (vector) good.push({ text, found: { vector, truncated: prepared.truncated } });
        else for (const row of rowsOfText.get(text) ?? []) failed.push({ row, text });
      }
      await cache?.keep(
        good.map(({ text }) => text),
        good.map(({ found }) => found),
      );
      for (const { text, found } of good) accept(text, found);
      from += batch.length;
      options.onProgress?.({ phase: `encode with ${this.id}`, done, total: texts.length });
      await yieldToEventLoop(options.signal, `encoding texts with ${this.id}`);
    }
    const encoded = { data, width: this.width, truncated };
    if (failed.length > 0) throw new EncodingError(this.id, failed, encoded);
    return encoded;
  }

  /** Closes the cache; an encoder without one needs no closing. */
  async close(): Promise<void> {
    await (await this.#cache?.catch(() => undefined))?.close();
  }
}

/** A copy of a vector at norm 1; undefined for one that is zero or not finite. */
function unitVector(row: Float32Array): Float32Array | undefined {
  let square = 0;
  for (const value of row) square += value * value;
  if (!(square > 0 && square < Number.POSITIVE_INFINITY)) return undefined;
  const scale = 1 / Math.sqrt(square);
  return row.map((value) => value * scale);
}
