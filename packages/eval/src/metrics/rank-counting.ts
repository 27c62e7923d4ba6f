import { InvalidInputError } from '@palate/core';

/** Ranks of relevant items under both rules for equal scores; aligned lists, in the order of the pessimistic ranks. */
export interface Ranking {
  /** From 1, never falling; `Infinity` for what is out of the ranking. Other items with an equal score rank first. */
  readonly ranks: Float64Array;
  /** Positions into the relevant items. */
  readonly order: Int32Array;
  /** Ranks with the relevant items first among equal scores, those of higher gain before others; never falling. */
  readonly optimisticRanks: Float64Array;
  /** Positions into the relevant items in the order of the optimistic ranks. */
  readonly optimisticOrder: Int32Array;
  /** Other items with a higher score, for each rank. */
  readonly above: Float64Array;
  /** Other items with the same score, for each rank. */
  readonly equal: Float64Array;
  /** Other items in the ranking. */
  readonly others: number;
}

/**
 * Ranks of relevant items among all scored ones, pessimistic: among equal scores the others rank first, so that a
 * system that scores everything alike finds nothing. Beside them the optimistic ranks, the other bound.
 *
 * One pass over the scores for up to four relevant items, a binary search for each score beyond.
 *
 * @param scores - one score per item; `-Infinity` takes an item out of the ranking; left as they were
 * @param relevant - dense indexes of the relevant items, each once
 * @param gains - gains of the relevant items, where they differ: among equal scores the lower gain stands first
 * @throws InvalidInputError for a score that is not a number, with its index
 */
export function rankRelevant(
  scores: Float32Array | Float64Array,
  relevant: ArrayLike<number>,
  gains?: ArrayLike<number>,
): Ranking {
  const count = relevant.length;
  for (let item = 0; item < scores.length; item++)
    if (Number.isNaN(scores[item]))
      throw new InvalidInputError({
        expected: 'scores that are numbers',
        received: `NaN at index ${item}`,
        hint: 'The model has diverged or divides by zero: correct its scoring.',
      });
  const sorted = (sign: 1 | -1): Int32Array =>
    Int32Array.from({ length: count }, (_, i) => i).sort((a, b) => {
      const x = scores[relevant[a]!]!;
      const y = scores[relevant[b]!]!;
      // Not by their difference: two infinities differ by no number.
      if (x !== y) return x > y ? -1 : 1;
      return sign * ((gains?.[a] ?? 0) - (gains?.[b] ?? 0)) || a - b;
    });
  const order = sorted(1);
  const own = new Float64Array(count);
  for (let i = 0; i < count; i++) own[i] = scores[relevant[order[i]!]!]!;
  // Taken out of the pass below, and put back after it.
  for (let i = 0; i < count; i++) scores[relevant[i]!] = Number.NEGATIVE_INFINITY;
  const above = new Float64Array(count);
  const equal = new Float64Array(count);
  let others = 0;
  if (count <= 4) {
    for (let item = 0; item < scores.length; item++) if (scores[item]! > Number.NEGATIVE_INFINITY) others++;
    for (let i = 0; i < count; i++) {
      const score = own[i]!;
      let higher = 0;
      let same = 0;
      for (let item = 0; item < scores.length; item++) {
        const other = scores[item]!;
        if (other > score) higher++;
        else if (other === score) same++;
      }
      above[i] = higher;
      equal[i] = score === Number.NEGATIVE_INFINITY ? 0 : same;
    }
  } else {
    // own falls; entry i of `from` counts the others that are above or equal to own[i] but not to own[i - 1].
    const higher = new Float64Array(count + 1);
    const same = new Float64Array(count);
    for (let item = 0; item < scores.length; item++) {
      const other = scores[item]!;
      if (!(other > Number.NEGATIVE_INFINITY)) continue;
      others++;
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (own[middle]! < other) high = middle;
        else low = middle + 1;
      }
      // `low` is the first relevant item scored below this one; those before it with an equal score tie.
      higher[low]! += 1;
      for (let i = low - 1; i >= 0 && own[i] === other; i--) same[i]! += 1;
    }
    let running = 0;
    for (let i = 0; i < count; i++) {
      running += higher[i]!;
      above[i] = running;
      equal[i] = same[i]!;
    }
  }
  const ranks = new Float64Array(count);
  const optimisticRanks = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    scores[relevant[order[i]!]!] = own[i]!;
    const isRanked = own[i]! > Number.NEGATIVE_INFINITY;
    ranks[i] = isRanked ? above[i]! + equal[i]! + i + 1 : Number.POSITIVE_INFINITY;
    optimisticRanks[i] = isRanked ? above[i]! + i + 1 : Number.POSITIVE_INFINITY;
  }
  return { ranks, order, optimisticRanks, optimisticOrder: gains ? sorted(-1) : order, above, equal, others };
}
