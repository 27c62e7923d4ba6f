import type { InteractionLog, RandomStream } from '@palate/core';

/** Where negatives of sampled losses come from. */
export const SAMPLING = ['uniform', 'popularity', 'mixed'] as const;

/** Draws after which an item that nobody may be given is replaced by a uniform one. */
const MOST_TRIES = 32;

/**
 * Draws items to compete with the next one: `'uniform'`, with a chance that grows with their interactions
 * (`'popularity'`), or half the ones and half next items of the same step (`'mixed'`; Yang et al. 2020).
 */
export class NegativeSampler {
  readonly #log: InteractionLog;
  readonly #sampling: (typeof SAMPLING)[number];
  readonly #counts: ArrayLike<number>;

  constructor(log: InteractionLog, sampling: (typeof SAMPLING)[number]) {
    this.#log = log;
    this.#sampling = sampling;
    this.#counts = log.itemCounts();
  }

  /**
   * One item.
   *
   * @param next - next items of the step, for `'mixed'`
   */
  draw(random: RandomStream, next: ArrayLike<number>): number {
    const { length, item, items } = this.#log;
    const isPopular = this.#sampling === 'popularity';
    if (!isPopular && (this.#sampling === 'uniform' || random.uniform() < 0.5))
      return random.integer(items.size);
    return isPopular
      ? (item[random.integer(length)] as number)
      : (next[random.integer(next.length)] as number);
  }

  /** One item that is none of `own`, which are not all; a uniform one where the sampling finds none. */
  drawOther(random: RandomStream, next: ArrayLike<number>, own: ReadonlySet<number>): number {
    for (let k = 0; k < MOST_TRIES; k++) {
      const item = this.draw(random, next);
      if (!own.has(item)) return item;
    }
    let item = random.integer(this.#log.items.size);
    while (own.has(item)) item = random.integer(this.#log.items.size);
    return item;
  }

  /**
   * The logarithm of how often an item is expected among so many draws. Next items of a step count as draws by
   * popularity.
   */
  logExpected(item: number, draws: number): number {
    const { length, items } = this.#log;
    // Items that were never used are drawn only where others run out; they count as used once.
    const [even, popular] = [1 / items.size, Math.max(1, this.#counts[item] as number) / length];
    const chance = { uniform: even, popularity: popular, mixed: (even + popular) / 2 }[this.#sampling];
    return Math.log(draws * chance);
  }
}
