import { randomUUID } from 'node:crypto';
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
import { LookAgain } from '../models/look-again.js';
import type { EmbeddingModel, PreparedText } from './embedding-model.js';
import { EncodingError, type FailedText } from './encoding-error.js';
import { type CachedVector, VectorCache } from './vector-cache.js';

/** Options that every text encoder takes. */
export const ENCODER = defineOptions(
  'a text encoder',
  {
    cacheDir: option.text(1).optional({
      doc: 'folder that stores vectors, so that a text is encoded once, also by several processes: one encodes, and the others wait for its result; left out: nothing is stored',
    }),
  },
  [],
);

/** Options that every text encoder takes; {@link ENCODER} says what each does. */
export type EncoderOptions = OptionsOf<typeof ENCODER.declarations>;

interface MissingText {
  readonly text: string;
  readonly prepared: PreparedText;
}

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
    const missing: MissingText[] = [];
    for (const text of rowsOfText.keys()) {
      const known = cache?.get(text);
      if (known) accept(text, known);
      else missing.push({ text, prepared: this.#model.prepare(text) });
    }
    const failed: FailedText[] = [];
    missing.sort((a, b) => b.prepared.length - a.prepared.length);
    const doing = `encoding texts with ${this.id}`;
    const owner = randomUUID();
    // Texts that others are encoding come last: no claim is held while this waits for one.
    const looks = new LookAgain();
    for (let open = missing; open.length > 0; ) {
      const taken: MissingText[] = [];
      for (let from = 0; from < open.length; ) {
        throwIfCancelled(options.signal, doing);
        const longest = open[from]?.prepared.length ?? 0;
        const batch = open.slice(from, from + Math.max(1, this.#model.batchSize(longest)));
        from += batch.length;
        const own = cache ? claimed(cache, batch, owner, accept, taken) : batch;
        if (own.length > 0)
          for (const { text, found } of await this.#encodeOwn(own, cache, owner, options))
            if (found) accept(text, found);
            else for (const row of rowsOfText.get(text) ?? []) failed.push({ row, text });
        options.onProgress?.({ phase: `encode with ${this.id}`, done, total: texts.length });
        await yieldToEventLoop(options.signal, doing);
      }
      if (taken.length < open.length) looks.restart();
      else await looks.wait(options.signal, doing);
      open = taken;
    }
    const encoded = { data, width: this.width, truncated };
    if (failed.length > 0) throw new EncodingError(this.id, failed, encoded);
    return encoded;
  }

  /** Encodes and keeps texts that are claimed; undefined for one whose vector is no numbers or zero. */
  async #encodeOwn(
    batch: readonly MissingText[],
    cache: VectorCache | undefined,
    owner: string,
    options: LongCallOptions,
  ): Promise<{ readonly text: string; readonly found: CachedVector | undefined }[]> {
    // A claim ends with what is stored.
    let claims = batch.map(({ text }) => text);
    try {
      const rows = await this.#model.embed(
        batch.map(({ prepared }) => prepared),
        options,
      );
      const encoded = batch.map(({ text, prepared: { truncated } }, k) => {
        const vector = unitVector(rows.subarray(k * this.width, (k + 1) * this.width));
        return { text, found: vector && { vector, truncated } };
      });
      const good = encoded.flatMap(({ text, found }) => (found ? [{ text, found }] : []));
      const isKept = await cache?.keep(
        good.map(({ text }) => text),
        good.map(({ found }) => found),
      );
      if (isKept) claims = encoded.filter(({ found }) => !found).map(({ text }) => text);
      return encoded;
    } finally {
      if (claims.length > 0) cache?.release(claims, owner);
    }
  }

  /** Closes the cache; an encoder without one needs no closing. */
  async close(): Promise<void> {
    await (await this.#cache?.catch(() => undefined))?.close();
  }
}

/**
 * Claims texts, and gives those that are to be encoded here; what was stored meanwhile is accepted, and what others encode
 * is added to `taken`.
 */
function claimed(
  cache: VectorCache,
  batch: readonly MissingText[],
  owner: string,
  accept: (text: string, found: CachedVector) => void,
  taken: MissingText[],
): MissingText[] {
  const outcomes = cache.claim(
    batch.map(({ text }) => text),
    owner,
  );
  return batch.filter((each, k) => {
    if (outcomes[k] === 'taken') taken.push(each);
    if (outcomes[k] !== 'stored') return outcomes[k] === 'granted';
    const known = cache.get(each.text);
    if (known) accept(each.text, known);
    // A record of another length than a vector of this encoder: it is made again.
    return known === undefined;
  });
}

/** A copy of a vector at norm 1; undefined for one that is zero or not finite. */
function unitVector(row: Float32Array): Float32Array | undefined {
  let square = 0;
  for (const value of row) square += value * value;
  if (!(square > 0 && square < Number.POSITIVE_INFINITY)) return undefined;
  const scale = 1 / Math.sqrt(square);
  return row.map((value) => value * scale);
}
