import { checkNumber, type RandomStream } from '@palate/core';

/** How a token is drawn. */
export interface SamplingOptions {
  readonly temperature?: number | undefined;
  readonly topK?: number | undefined;
  readonly topP?: number | undefined;
}

/**
 * The likeliest token, or one drawn after tempering, top-k and nucleus (top-p; Holtzman et al. 2020) truncation.
 *
 * @param logProbabilities - one a token; `-Infinity` is never drawn
 * @param random - draws if given
 */
export function sampleToken(
  logProbabilities: Float32Array,
  options: SamplingOptions,
  random?: RandomStream,
): number {
  if (!random) {
    let best = 0;
    for (let token = 1; token < logProbabilities.length; token++)
      if (logProbabilities[token]! > logProbabilities[best]!) best = token;
    return best;
  }
  const temperature = checkNumber('temperature', options.temperature ?? 1, { min: 1e-6 });
  const order = Array.from(logProbabilities.keys())
    .filter((token) => logProbabilities[token]! > Number.NEGATIVE_INFINITY)
    .sort((a, b) => logProbabilities[b]! - logProbabilities[a]! || a - b);
  const top = logProbabilities[order[0] as number] as number;
  let kept =
    options.topK === undefined
      ? order
      : order.slice(0, checkNumber('topK', options.topK, { min: 1, integer: true }));
  let weights = kept.map((token) => Math.exp(((logProbabilities[token] as number) - top) / temperature));
  if (options.topP !== undefined) {
    const share = checkNumber('topP', options.topP, { min: 0, max: 1 });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    let count = 0;
    while (count < weights.length && (count === 0 || sum < share * total)) sum += weights[count++] as number;
    kept = kept.slice(0, count);
    weights = weights.slice(0, count);
  }
  let draw = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [k, weight] of weights.entries()) {
    draw -= weight;
    if (draw < 0) return kept[k] as number;
  }
  return kept.at(-1) as number;
}
