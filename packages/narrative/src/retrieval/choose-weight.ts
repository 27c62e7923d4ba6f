/** How far the best score of a row is ahead: its distance from the mean, in standard deviations. */
export function sureness(row: Float32Array): number {
  let sum = 0;
  let squares = 0;
  let best = Number.NEGATIVE_INFINITY;
  for (const score of row) {
    sum += score;
    squares += score * score;
    if (score > best) best = score;
  }
  const mean = sum / row.length;
  const deviation = Math.sqrt(Math.max(0, squares / row.length - mean * mean));
  return deviation > 0 ? (best - mean) / deviation : 0;
}

/** Bounds that split values into groups of like size. */
export function groupsBy(values: readonly number[], groups: number): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return Array.from(
    { length: groups - 1 },
    (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / groups)] ?? Number.POSITIVE_INFINITY,
  );
}

/** Group of a value: how many bounds it reaches. */
export const groupOf = (value: number, bounds: readonly number[]): number =>
  bounds.filter((bound) => value >= bound).length;

/**
 * The weight of the largest mean gain over the first one, where that gain is clear.
 *
 * @param weights - those that were tried, the one to fall back to first
 * @param values - of each query, by each of them
 * @param errors - standard errors that the gain has to exceed
 */
export function chooseWeight(
  weights: readonly number[],
  values: readonly (readonly number[])[],
  errors: number,
): number {
  const count = values.length;
  if (count < 2) return weights[0] ?? 0;
  let best = { weight: weights[0] ?? 0, gain: 0 };
  for (const [at, weight] of weights.entries()) {
    const gains = values.map((own) => (own[at] ?? 0) - (own[0] ?? 0));
    const gain = gains.reduce((sum, each) => sum + each, 0) / count;
    const variance = gains.reduce((sum, each) => sum + (each - gain) ** 2, 0) / (count - 1);
    if (gain > best.gain && gain > errors * Math.sqrt(variance / count)) best = { weight, gain };
  }
  return best.weight;
}
