import type { ScoredItem } from '@palate/core';

/** Score by which what a search left out has to be worse than what it found: more than sums of scores are rounded by. */
const ROUNDING = 1e-6;

/** Certainty of a list. */
export interface SearchProof {
  /** Leading entries of the list that no item left out can be among; all of them where the list is exact. */
  readonly proven: number;
  /** Probability of everything that the search left out, at most: what the list may miss. */
  readonly gap: number;
  /** Prefixes that were kept on a level. */
  readonly width: number;
}

/**
 * The prefixes that a search left out. A prefix is at least as likely as every item below it, so that the best of them
 * bounds what was missed.
 */
export class LeftOut {
  /** Best score of what leads to an item with interactions. */
  warm = Number.NEGATIVE_INFINITY;
  /** Best score of what leads to an item without. */
  cold = Number.NEGATIVE_INFINITY;
  /** Probability of all of them together. */
  gap = 0;

  /** Notes a prefix that is followed no further. */
  add(score: number, leadsToWarm: boolean, leadsToCold: boolean): void {
    if (leadsToWarm && score > this.warm) this.warm = score;
    if (leadsToCold && score > this.cold) this.cold = score;
    this.gap += Math.exp(score);
  }

  /**
   * Says how far a list is certain.
   *
   * @param isCold - 1 for items without interactions
   * @param width - prefixes that were kept on a level
   */
  proof(list: readonly ScoredItem[], isCold: Uint8Array, width: number): SearchProof {
    const isProven = ({ item, score }: ScoredItem): boolean =>
      (isCold[item] ? this.cold : this.warm) + ROUNDING < score;
    const first = list.findIndex((entry) => !isProven(entry));
    return { proven: first < 0 ? list.length : first, gap: Math.min(1, this.gap), width };
  }
}
