import { InvalidInputError } from '@palate/core';
import { checkValues } from './check-values.js';

/**
 * Normalised discounted cumulative gain at `k` (Järvelin and Kekäläinen 2002), the one formula behind every NDCG of
 * Palate: the sum of `gain / log2(rank + 1)` over the ranks up to `k`, over the same sum for the ideal order.
 *
 * Gains are taken relative to the largest one, so that large ones do not overflow.
 *
 * @param ranks - from 1, in any order; `Infinity` for what was not ranked
 * @param gains - at least 0 and finite, aligned with the ranks
 * @param k - cut-off; `Infinity` for none
 * @param idealGains - gains of the ideal order, where they are not those of the ranks, in any order
 * @returns from 0 to 1; 0 where there is nothing to gain
 * @throws InvalidInputError for a rank below 1, a gain that is negative or not finite, or one without the other
 */
export function normalisedGain(
  ranks: ArrayLike<number>,
  gains: ArrayLike<number>,
  k: number,
  idealGains: ArrayLike<number> = gains,
): number {
  if (ranks.length !== gains.length)
    throw new InvalidInputError({
      expected: 'as many ranks as gains',
      received: `${ranks.length} and ${gains.length}`,
      hint: 'Pass one rank for each gain, Infinity for what was not ranked.',
    });
  checkValues('ranks', ranks, { min: 1, infinite: true });
  checkValues('gains', gains, { min: 0 });
  if (idealGains !== gains) checkValues('ideal gains', idealGains, { min: 0 });
  const ideal = Float64Array.from(idealGains).sort();
  const largest = ideal.length === 0 ? 0 : ideal[ideal.length - 1]!;
  if (!(largest > 0)) return 0;
  let gained = 0;
  for (let i = 0; i < ranks.length; i++)
    if (ranks[i]! <= k) gained += gains[i]! / largest / Math.log2(ranks[i]! + 1);
  let best = 0;
  for (let rank = 1; rank <= Math.min(k, ideal.length); rank++)
    best += ideal[ideal.length - rank]! / largest / Math.log2(rank + 1);
  return gained / best;
}

/**
 * Exponential gains `2^grade - 1` (Burges et al. 2005) up to one common factor, so that grades such as play counts do
 * not overflow: `2^(grade - m) - 2^-m`, where `m` is the largest grade beyond 1,000, else 0.
 *
 * @param grades - at least 0 and finite
 */
export function exponentialGains(grades: ArrayLike<number>): Float64Array {
  let largest = 0;
  for (let i = 0; i < grades.length; i++) largest = Math.max(largest, grades[i]!);
  const shift = largest > 1000 ? largest : 0;
  return Float64Array.from({ length: grades.length }, (_, i) => 2 ** (grades[i]! - shift) - 2 ** -shift);
}
