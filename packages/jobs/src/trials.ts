import { InvalidInputError, type LongCallOptions } from '@palate/core';
import type { Job } from './job.js';
import { countFailures, type FailureCounts } from './job-failure.js';
import type { JobQueue } from './job-queue.js';

/** A trial with its value. */
export interface Trial<I, O> {
  readonly input: I;
  readonly result: O;
  readonly value: number;
}

/** Trials of a search. */
export interface Trials<I, O> {
  /** Those that ended, best first; of equal values the one that was named first. */
  readonly ranked: readonly Trial<I, O>[];
  readonly failed: FailureCounts;
}

/**
 * Tries all inputs as jobs, such as the combinations of a grid, and puts them in order: stopped, it goes on with what is left,
 * and a combination that another search tried is not tried again.
 *
 * @param value - what a trial is judged by; higher is better
 */
export async function runTrials<I, O>(
  queue: JobQueue,
  job: Job<I, O>,
  inputs: readonly I[],
  value: (result: O) => number,
  options: Omit<LongCallOptions, 'seed'> = {},
): Promise<Trials<I, O>> {
  const results = await queue.run(job, inputs, options);
  const trials = results.flatMap((result, at) =>
    result.ok ? [{ input: inputs[at] as I, result: result.value, value: value(result.value) }] : [],
  );
  const bad = trials.find((trial) => !Number.isFinite(trial.value));
  if (bad)
    throw new InvalidInputError({
      expected: 'a number as the value of each trial',
      received: `${bad.value} of ${JSON.stringify(bad.input)}`.slice(0, 300),
      hint: 'Choose a value that every result has.',
    });
  return {
    ranked: trials.sort((a, b) => b.value - a.value),
    failed: countFailures(results.flatMap((result) => (result.ok ? [] : [result.error]))),
  };
}

/** All combinations of values, the last name turning fastest: `{ a: [1, 2], b: [3] }` gives `{ a: 1, b: 3 }` and `{ a: 2, b: 3 }`. */
export function combinationsOf<T>(
  grid: Readonly<Record<string, readonly T[]>>,
): Readonly<Record<string, T>>[] {
  let all: Readonly<Record<string, T>>[] = [{}];
  for (const [name, values] of Object.entries(grid))
    all = all.flatMap((each) => values.map((value) => ({ ...each, [name]: value })));
  return all;
}
