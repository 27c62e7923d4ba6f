/**
 * Ranks of relevant items among all scored ones, pessimistic: of equal scores the others stand first, so that a
 * system that scores everything alike finds nothing.
 *
 * One pass over the scores for up to four relevant items, a binary search for each score beyond.
 *
 * @param scores - one score an item; `-Infinity` takes an item out of the ranking
 * @param relevant - dense indexes of the relevant items
 * @returns for each relevant item its rank from 1 in the order of falling scores, `Infinity` if it is out of the
 *   ranking, with the positions into `relevant` in that order; `above` and `equal` count the other items for AUC
 */
export function rankRelevant(
  scores: Float32Array,
  relevant: ArrayLike<number>,
): { ranks: Float64Array; order: Int32Array; above: Float64Array; equal: Float64Array; others: number } {
  const count = relevant.length;
  const order = Int32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => scores[relevant[b]!]! - scores[relevant[a]!]! || a - b,
  );
  const own = new Float32Array(count);
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
  for (let i = 0; i < count; i++) {
    scores[relevant[order[i]!]!] = own[i]!;
    ranks[i] = own[i]! > Number.NEGATIVE_INFINITY ? above[i]! + equal[i]! + i + 1 : Number.POSITIVE_INFINITY;
  }
  return { ranks, order, above, equal, others };
}
