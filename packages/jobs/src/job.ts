import { contentHash, InvalidInputError } from '@palate/core';
import type { JobFailure } from './job-failure.js';

/** A piece of work that may be begun again: with the same key it gives the same result on any worker. */
export interface Job<I, O> {
  /** Letters, digits and hyphens; workers find the work by it. */
  readonly name: string;
  /**
   * Does the work. Input and result are plain JSON. What is paid for goes through `context.pay`, so that whoever begins again
   * does not pay again.
   *
   * @throws PalateError with `isRetryable` where a later try may succeed; any other error ends the job
   */
  readonly run: (input: I, context: JobContext) => Promise<O>;
  /** Names all that decides the result. Default: the whole input. */
  readonly key?: ((input: I) => unknown) | undefined;
}

/** A call that costs something. */
export interface PaidCall<T> {
  /** The most that it may cost, in whatever unit the budget has: tokens, or money. */
  readonly most: number;
  /**
   * Makes the call.
   *
   * @param idempotencyKey - the same whenever this call is made again; a server that is given it charges for one
   * @returns plain JSON, and what it has cost
   */
  readonly call: (idempotencyKey: string) => Promise<{ readonly value: T; readonly cost: number }>;
}

/** Context that a job's work is given beside its input. */
export interface JobContext {
  readonly signal: AbortSignal;
  /**
   * Makes a paid call once: what a try before has recorded is given back; otherwise it waits for the rate limit, reserves the
   * most that the call may cost in the budget of all workers, calls, and records the answer before it is used.
   *
   * @param name - tells the paid calls of one job apart
   * @throws PalateError of code `budget-exceeded` if the budget does not hold it; then nothing is called
   */
  readonly pay: <T>(name: string, call: PaidCall<T>) => Promise<T>;
}

/** How a job ended: its result, or why there is none. */
export type JobResult<O> =
  | { readonly key: string; readonly ok: true; readonly value: O }
  | { readonly key: string; readonly ok: false; readonly error: JobFailure };

/** Name of the work with a model or an encoder: a worker that has another one does not find it. */
export function workWith(work: string, id: string): string {
  const words = id
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-|-$/g, '');
  return `${work}-${words}-${contentHash(id).slice(0, 8)}`;
}

/**
 * The key of a job: equal for equal inputs.
 *
 * @throws InvalidInputError for a name or an input that cannot be used
 */
export function jobKey<I, O>({ name, key }: Job<I, O>, input: I): string {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(name))
    throw new InvalidInputError({
      expected: 'a job name of letters, digits and hyphens',
      received: JSON.stringify(name) ?? String(name),
      hint: 'Start with a letter, and use fewer than 64 characters.',
    });
  return `${name}-${contentHash(key ? key(input) : input).slice(0, 32)}`;
}
