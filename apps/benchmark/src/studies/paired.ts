import { bootstrapInterval } from '@palate/eval';
import { meanOf } from './study.js';

/** Mean difference of paired values, with its 95 % interval, as tables have it. */
export function pairedDifference(first: readonly number[], second: readonly number[], digits = 4): string {
  const { mean, low, high } = bootstrapInterval(first.map((value, k) => value - (second[k] as number)));
  const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(digits)}`;
  return `${signed(mean)} [${signed(low)}, ${signed(high)}]`;
}

/** A mean, as tables have it. */
export const meanCell = (values: readonly number[], digits = 4): string => meanOf(values).toFixed(digits);
