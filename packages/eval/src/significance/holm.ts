import { checkValues } from '../metrics/check-values.js';

/**
 * Holm's step-down correction for several tests: adjusted p-values in the order given, to be compared with the
 * level as they are (Holm 1979).
 *
 * @throws InvalidInputError for a p-value outside of 0 to 1
 */
export function holm(pValues: readonly number[]): number[] {
  checkValues('p-values', pValues, { min: 0, max: 1 });
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length);
  let running = 0;
  for (const [step, index] of order.entries()) {
    running = Math.max(running, Math.min(1, (pValues.length - step) * pValues[index]!));
    adjusted[index] = running;
  }
  return adjusted;
}
