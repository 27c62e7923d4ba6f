import { checkNumber } from '@palate/core';

/** Learning rate at a step, counted from 1. */
export type Schedule = (step: number) => number;

/** The same rate throughout. */
export function constantSchedule(rate: number): Schedule {
  checkNumber('rate', rate, { min: 0 });
  return () => rate;
}

/** Falls along half a cosine from `rate` to `final` over `steps`, after a linear warm-up (Loshchilov and Hutter 2017). */
export function cosineSchedule(
  rate: number,
  steps: number,
  options: { readonly warmUp?: number; readonly final?: number } = {},
): Schedule {
  const warmUp = options.warmUp ?? 0;
  const final = options.final ?? 0;
  checkNumber('steps', steps, { min: 1 });
  return (step) => {
    if (step <= warmUp) return (rate * step) / Math.max(1, warmUp);
    const share = Math.min(1, (step - warmUp) / Math.max(1, steps - warmUp));
    return final + 0.5 * (rate - final) * (1 + Math.cos(Math.PI * share));
  };
}

/** How a learning rate goes on after its warm-up: constant, or along half a cosine to 0. */
export type RateDecay = 'none' | 'cosine';

/** Names of {@link RateDecay}. */
export const RATE_DECAYS: readonly RateDecay[] = ['none', 'cosine'];

/**
 * The schedule that a model's options describe: from 0 to `learningRate` over `warmUpSteps`, then constant, or along half
 * a cosine to 0 at the last step of `epochs`.
 *
 * @param stepsPerEpoch - asked only where the end of the training matters
 */
export function optionsSchedule(
  options: {
    readonly learningRate: number;
    readonly warmUpSteps: number;
    readonly decay: RateDecay;
    readonly epochs: number;
  },
  stepsPerEpoch: () => number,
): Schedule {
  const { learningRate, warmUpSteps, decay, epochs } = options;
  if (decay === 'cosine')
    return cosineSchedule(learningRate, stepsPerEpoch() * epochs, { warmUp: warmUpSteps });
  const constant = constantSchedule(learningRate);
  return (step) => constant(step) * Math.min(1, step / Math.max(1, warmUpSteps));
}

/**
 * Falls with the inverse square root of the step: `rate * sqrt(hold / step)` from step `hold` on.
 *
 * Before that the rate is constant (T5, TIGER), or rises linearly where `warmUp` is `'linear'`.
 */
export function inverseSquareRootSchedule(
  rate: number,
  hold: number,
  warmUp: 'constant' | 'linear' = 'linear',
): Schedule {
  checkNumber('hold', hold, { min: 1 });
  return (step) =>
    step < hold ? (warmUp === 'constant' ? rate : (rate * step) / hold) : rate * Math.sqrt(hold / step);
}
