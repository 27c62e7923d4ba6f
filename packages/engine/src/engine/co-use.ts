import { byScore, type InteractionLog, type ScoredItem } from '@palate/core';
import { type SparseRows, transpose, userItemMatrix } from '@palate/retrievers';

/** Neighbours that are kept of an item. */
const MOST = 50;
/** Makes the likeness of items that few have chosen smaller. */
const SHRINKAGE = 5;

/**
 * Which items are chosen by the same people: for each item the others by
 * `both / (sqrt(count * other count) + 5)`, where counts are of different users.
 *
 * The first question about an item costs one pass over the histories of its users; the answer is kept.
 */
export class CoUse {
  readonly #log: InteractionLog;
  readonly #neighbours = new Map<number, readonly ScoredItem[]>();
  /** Different users of each item. */
  #users: SparseRows | undefined;

  constructor(log: InteractionLog) {
    this.#log = log;
  }

  /** Up to 50 items that are most alike in use, the best first; none for an item that was never chosen. */
  neighbours(item: number): readonly ScoredItem[] {
    const known = this.#neighbours.get(item);
    if (known) return known;
    const found = this.#find(item);
    this.#neighbours.set(item, found);
    return found;
  }

  /** Likeness of two items, 0 where the second is not among the neighbours of the first. */
  likeness(item: number, other: number): number {
    return this.neighbours(item).find((each) => each.item === other)?.score ?? 0;
  }

  #find(item: number): ScoredItem[] {
    const log = this.#log;
    if (item >= log.items.size) return [];
    this.#users ??= transpose(userItemMatrix(log), log.items.size);
    const { offsets, columns: users } = this.#users;
    const both = new Map<number, number>();
    for (let p = offsets[item] as number; p < (offsets[item + 1] as number); p++)
      for (const other of new Set(log.history(users[p] as number)))
        if (other !== item) both.set(other, (both.get(other) ?? 0) + 1);
    const countOf = (each: number): number => (offsets[each + 1] as number) - (offsets[each] as number);
    const own = countOf(item);
    return [...both]
      .map(([other, count]) => ({
        item: other,
        score: count / (Math.sqrt(own * countOf(other)) + SHRINKAGE),
      }))
      .sort(byScore)
      .slice(0, MOST);
  }
}
