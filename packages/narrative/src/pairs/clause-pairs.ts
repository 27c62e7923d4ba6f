import {
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
  type TextEncoder,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { itemsByRequest, type RequestPairs } from './request-pairs.js';

/** Options of {@link clausePairs}. */
export const CLAUSE_PAIRS = defineOptions('clausePairs', {
  leastWords: option.integer({ min: 1 })({
    default: 4,
    doc: 'least words of a clause; a shorter one is joined with the next',
  }),
  mostRank: option.integer({ min: 1 })({
    default: 50,
    doc: 'worst rank that the encoder may give a clause’s item among all items; clauses beyond it are dropped',
  }),
});

/** Options of {@link clausePairs}; {@link CLAUSE_PAIRS} says what each does. */
export type ClausePairsOptions = OptionsOf<typeof CLAUSE_PAIRS.declarations> & LongCallOptions;

/** Clauses of a text: parts between marks, each of some words at least. */
export function clausesOf(text: string, leastWords = 4): string[] {
  const clauses: string[] = [];
  let open = '';
  for (const part of text.split(/(?<=[.,:;?!])\s+/)) {
    open = open === '' ? part : `${open} ${part}`;
    if (open.split(/\s+/).length < leastWords) continue;
    clauses.push(open);
    open = '';
  }
  if (open.trim() === '') return clauses;
  const last = clauses.pop();
  return [...clauses, last === undefined ? open : `${last} ${open}`];
}

/** Clauses that are compared with all items at once. */
const ROWS = 512;

/**
 * Pairs the clauses of requests with the item that each is about. A request that was written from several items says
 * something of each in turn; held against all of it, an item learns from what was said of the others. Of a request's
 * items a clause gets the one that an encoder ranks best for it, and is left out where even that one is ranked low.
 *
 * @param encoder - compares clauses and items
 * @returns pairs whose requests are clauses, by the users and with the likes of the requests that they are from
 */
export async function clausePairs(
  pairs: RequestPairs,
  encoder: TextEncoder,
  options: ClausePairsOptions = {},
): Promise<RequestPairs> {
  const { leastWords, mostRank } = CLAUSE_PAIRS.settings(options);
  throwIfCancelled(options.signal, 'pairing clauses');
  const itemsOf = itemsByRequest(pairs);
  const clauses = [...itemsOf.keys()].flatMap((at) =>
    clausesOf(pairs.requests[at]?.text ?? '', leastWords).map((text) => ({ at, text })),
  );
  const call = { signal: options.signal, onProgress: options.onProgress };
  const items = await encoder.encode(pairs.texts, call);
  const asked = await encoder.encode(
    clauses.map(({ text }) => text),
    call,
  );
  await selectBackend();
  const n = pairs.texts.length;
  const found: { readonly clause: number; readonly item: number }[] = [];
  for (let from = 0; from < clauses.length; from += ROWS) {
    await yieldToEventLoop(options.signal, 'pairing clauses');
    const count = Math.min(ROWS, clauses.length - from);
    const scores = await cosines(asked.data, from, count, items.data, items.width);
    for (let row = 0; row < count; row++) {
      const own = itemsOf.get(clauses[from + row]?.at ?? -1) ?? [];
      const line = scores.subarray(row * n, (row + 1) * n);
      const item = own.reduce((best, each) => (line[each]! > line[best]! ? each : best), own[0] ?? 0);
      const rank = line.reduce((sum, score) => sum + (score >= line[item]! ? 1 : 0), 0);
      if (rank <= mostRank) found.push({ clause: from + row, item });
    }
  }
  const source = found.map(({ clause }) => clauses[clause] as (typeof clauses)[number]);
  return {
    ...pairs,
    requests: source.map(({ at, text }) => ({ user: pairs.requests[at]?.user ?? '', text })),
    request: Int32Array.from(found, (_, k) => k),
    item: Int32Array.from(found, ({ item }) => item),
    liked: source.map(({ at }) => pairs.liked[at] ?? new Set()),
  };
}

/** Cosines of some rows with all items once the items' mean is taken off both. */
async function cosines(
  rows: Float32Array,
  from: number,
  count: number,
  items: Float32Array,
  width: number,
): Promise<Float32Array> {
  const result = tf.tidy(() => {
    const all = tf.tensor2d(items, [items.length / width, width]);
    const mean = tf.mean(all, 0, true);
    const centred = (x: tf.Tensor2D): tf.Tensor2D => {
      const moved = tf.sub(x, mean);
      return tf.div(moved, tf.sqrt(tf.add(tf.sum(tf.square(moved), 1, true), 1e-12)));
    };
    const some = tf.tensor2d(rows.subarray(from * width, (from + count) * width), [count, width]);
    return tf.matMul(centred(some), centred(all), false, true);
  });
  const values = await result.data<'float32'>();
  result.dispose();
  return values;
}
