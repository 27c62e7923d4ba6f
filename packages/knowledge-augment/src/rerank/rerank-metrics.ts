import { InvalidInputError } from '@palate/core';
import { averagePrecision, checkValues, ndcg, rankRelevant } from '@palate/eval';

/** MAP and NDCG of reordered lists. */
export interface RerankResult {
  readonly map: Readonly<Record<number, number>>;
  readonly ndcg: Readonly<Record<number, number>>;
  readonly lists: number;
}

/**
 * MAP@k and NDCG@k of scored lists with binary labels, as means over lists. Average precision is divided by
 * `min(k, liked)`; NDCG has gains of 1 and an ideal of as many; of equal scores the disliked entries stand first, so
 * that a model that scores everything alike finds nothing.
 *
 * @param scores - row-major, `length` a list
 * @param labels - above 0 for liked entries
 * @throws InvalidInputError for scores that are not finite, with list and position, or lengths that do not fit
 */
export function rerankMetrics(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  length: number,
  cutoffs: readonly number[] = [1, 3, 5, 7],
): RerankResult {
  const lists = labels.length / length;
  if (!Number.isInteger(lists) || lists < 1 || scores.length !== labels.length)
    throw new InvalidInputError({
      expected: `whole lists of ${length} entries, with a score and a label each`,
      received: `${scores.length} scores and ${labels.length} labels`,
      hint: 'Score every entry of every list once.',
    });
  const nameOf = (index: number): string =>
    `list ${Math.floor(index / length)}, position ${index % length} (both from 0)`;
  checkValues('scores', scores, {}, nameOf);
  checkValues('labels', labels, {}, nameOf);
  const map: Record<number, number> = Object.fromEntries(cutoffs.map((k) => [k, 0]));
  const gain: Record<number, number> = Object.fromEntries(cutoffs.map((k) => [k, 0]));
  const own = new Float64Array(length);
  for (let list = 0; list < lists; list++) {
    const liked: number[] = [];
    for (let at = 0; at < length; at++) {
      own[at] = scores[list * length + at]!;
      if (labels[list * length + at]! > 0) liked.push(at);
    }
    const user = { ranks: rankRelevant(own, liked).ranks, gains: liked.map(() => 1) };
    for (const k of cutoffs) {
      map[k]! += averagePrecision(user, k) / lists;
      gain[k]! += ndcg(user, k) / lists;
    }
  }
  return { map, ndcg: gain, lists };
}
