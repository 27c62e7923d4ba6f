import { InvalidInputError } from '../basics/errors.js';
import { checkNumber } from '../basics/options.js';
import type { Query, RetrieveOptions, ScoredItem } from './retriever.js';

/** Order of items, best first: equal scores are ordered by item index index. */
export const byScore = (a: ScoredItem, b: ScoredItem): number => b.score - a.score || a.item - b.item;

/**
 * The `k` highest scores with their positions, best first; equal scores are ordered by position. Positions
 * marked in `skip` and scores of NaN or minus infinity are left out.
 *
 * Costs one pass and a heap of `k` entries.
 *
 * @param scores - one score per position
 * @param skip - non-zero to leave a position out
 */
export function topK(scores: Float32Array, k: number, skip?: Uint8Array): ScoredItem[] {
  checkNumber('k', k, { min: 1, integer: true });
  const capacity = Math.min(k, scores.length);
  const heap = new Int32Array(capacity);
  let size = 0;
  // The root is the worst entry kept: the lowest score, and among equals the highest position.
  const worse = (a: number, b: number): boolean =>
    scores[a]! < scores[b]! || (scores[a] === scores[b] && a > b);
  const sink = (from: number): void => {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) return;
      if (child + 1 < size && worse(heap[child + 1]!, heap[child]!)) child++;
      if (!worse(heap[child]!, heap[at]!)) return;
      const held = heap[at]!;
      heap[at] = heap[child]!;
      heap[child] = held;
      at = child;
    }
  };
  for (let position = 0; position < scores.length; position++) {
    const score = scores[position]!;
    if (skip?.[position] || !(score > Number.NEGATIVE_INFINITY)) continue;
    if (size < capacity) {
      let at = size++;
      heap[at] = position;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!worse(heap[at]!, heap[parent]!)) break;
        const held = heap[at]!;
        heap[at] = heap[parent]!;
        heap[parent] = held;
        at = parent;
      }
    } else if (score > scores[heap[0]!]!) {
      heap[0] = position;
      sink(0);
    }
  }
  const best: ScoredItem[] = new Array(size);
  for (let rest = size - 1; rest >= 0; rest--) {
    const worst = heap[0]!;
    best[rest] = { item: worst, score: scores[worst]! };
    size--;
    heap[0] = heap[size]!;
    sink(0);
  }
  return best;
}

/** Fields of a query that name items. */
const ITEM_FIELDS = ['candidates', 'history', 'exclude'] as const;

/** @throws InvalidInputError if a query holds an item index that is none of `itemCount` items */
export function checkQueryItems(query: Query, itemCount: number): void {
  for (const field of ITEM_FIELDS) {
    const items = query[field];
    if (!items) continue;
    for (let k = 0; k < items.length; k++) {
      const item = items[k]!;
      if (!(item >= 0 && item < itemCount && Number.isInteger(item)))
        throw new InvalidInputError({
          expected: `item indexes from 0 to ${itemCount - 1} in the query's ${field}`,
          received: String(item),
          hint: 'Use dense indexes from the id map of the retriever.',
        });
    }
  }
}

/**
 * Marks the items that a query may not get back: excluded ones, its history unless `includeHistory`, and all
 * but the candidates where the query names candidates.
 *
 * @param itemCount - size of the catalogue
 * @param out - array to reuse, of `itemCount` entries
 * @returns one entry an item, 1 to leave it out
 * @throws InvalidInputError as {@link checkQueryItems} does
 */
export function unavailableItems(
  query: Query,
  itemCount: number,
  options: Pick<RetrieveOptions, 'includeHistory'> = {},
  out: Uint8Array = new Uint8Array(itemCount),
): Uint8Array {
  checkQueryItems(query, itemCount);
  const mark = (items: ArrayLike<number> | undefined, value: 0 | 1): void => {
    if (items) for (let k = 0; k < items.length; k++) out[items[k]!] = value;
  };
  out.fill(query.candidates ? 1 : 0);
  mark(query.candidates, 0);
  if (!options.includeHistory) mark(query.history, 1);
  mark(query.exclude, 1);
  return out;
}
