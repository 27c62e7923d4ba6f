import type { InteractionLog, RandomStream } from '@palate/core';
import { userItemMatrix } from '../sparse.js';

/**
 * Draws the samples of Bayesian personalised ranking (Rendle et al. 2009): an interaction at random, and an item that its
 * user does not have. Users who have all items are passed over.
 */
export class PairwiseSampler {
  /** Interactions, and so samples of a pass. */
  readonly size: number;
  /** Start of each user's items in `columns`. */
  readonly offsets: Int32Array;
  readonly columns: Int32Array;
  /** User, item and other item of the sample drawn last. */
  user = 0;
  positive = 0;
  negative = 0;
  readonly #owner: Int32Array;
  readonly #items: number;
  readonly #random: RandomStream;

  constructor(log: InteractionLog, random: RandomStream) {
    const { offsets, columns } = userItemMatrix(log);
    this.offsets = offsets;
    this.columns = columns;
    this.size = columns.length;
    this.#owner = new Int32Array(columns.length);
    for (let user = 0; user < log.users.size; user++)
      this.#owner.fill(user, offsets[user], offsets[user + 1]);
    this.#items = log.items.size;
    this.#random = random;
  }

  /** Draws a sample; false where there is none, since the user drawn has all items. */
  next(): boolean {
    const sample = this.#random.integer(this.size);
    this.user = this.#owner[sample]!;
    if (this.offsets[this.user + 1]! - this.offsets[this.user]! === this.#items) return false;
    this.positive = this.columns[sample]!;
    this.negative = this.#random.integer(this.#items);
    while (this.#has(this.user, this.negative)) this.negative = this.#random.integer(this.#items);
    return true;
  }

  #has(user: number, item: number): boolean {
    let low = this.offsets[user]!;
    let high = this.offsets[user + 1]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.columns[middle]! < item) low = middle + 1;
      else high = middle;
    }
    return low < this.offsets[user + 1]! && this.columns[low] === item;
  }
}
