import {
  checkNumber,
  checkOptions,
  type LanguageModel,
  PalateError,
  RandomStream,
  throwIfCancelled,
} from '@palate/core';
import { ModelCallError } from '../models/model-error.js';
import { languageModel, type StreamingLanguageModel, singleCalls } from '../models/single-calls.js';
import { sleep } from '../models/sleep.js';

/** Options of {@link withRetry}. */
export interface RetryOptions {
  /** Attempts at a call, the first included. Default 6. */
  readonly maxAttempts?: number | undefined;
  /** The wait before the second attempt is at most this, in seconds; it doubles each time. Default 0.5. */
  readonly baseSeconds?: number | undefined;
  /** No wait of our own is longer, in seconds. Default 30. */
  readonly maxWaitSeconds?: number | undefined;
  /** From the first attempt to the last answer, waits included, in seconds. Default 600. */
  readonly deadlineSeconds?: number | undefined;
  /** Seed of the jitter. Default 0. */
  readonly seed?: number | undefined;
  /** Told before each wait. */
  readonly onRetry?: (retry: {
    readonly attempt: number;
    readonly waitSeconds: number;
    readonly error: PalateError;
  }) => void;
}

const KNOWN = ['maxAttempts', 'baseSeconds', 'maxWaitSeconds', 'deadlineSeconds', 'seed', 'onRetry'];

/**
 * Calls again what failed with a retryable error.
 *
 * Waits grow exponentially with full jitter (uniform from 0 to min(maxWait, base * 2^n); Brooker, "Exponential
 * Backoff And Jitter", AWS 2015), but never less than the server's `Retry-After`. A wait that would end after
 * the deadline is not begun: the error goes out at once. A stream that has given text is not begun anew. This
 * is the only place that retries: providers and SDK do not.
 */
export function withRetry(model: LanguageModel, options: RetryOptions = {}): StreamingLanguageModel {
  const calls = singleCalls(model);
  const retry = retrier(options);
  const { logLikelihood } = calls;
  return languageModel({
    ...calls,
    generate(request, { onText, ...how }) {
      let hasText = false;
      const tell =
        onText &&
        ((piece: string): void => {
          hasText = true;
          onText(piece);
        });
      return retry(
        how.signal,
        (either) => calls.generate(request, { ...how, signal: either, onText: tell }),
        () => !hasText,
      );
    },
    ...(logLikelihood && {
      logLikelihood: (request, how) =>
        retry(how.signal, (either) => logLikelihood.call(calls, request, { ...how, signal: either })),
    }),
  });
}

/** Runs `work` until it succeeds, fails for good, or may not be begun anew. */
export type Retrier = <T>(
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  mayRepeat?: () => boolean,
) => Promise<T>;

/** Makes a retrier by the rules of {@link withRetry}. */
export function retrier(options: RetryOptions): Retrier {
  checkOptions('withRetry', options, KNOWN);
  const maxAttempts = checkNumber('maxAttempts', options.maxAttempts ?? 6, { min: 1, integer: true });
  const base = checkNumber('baseSeconds', options.baseSeconds ?? 0.5, { min: 0 });
  const maxWait = checkNumber('maxWaitSeconds', options.maxWaitSeconds ?? 30, { min: 0 });
  const deadline = checkNumber('deadlineSeconds', options.deadlineSeconds ?? 600, { min: 0 });
  const seeds = new RandomStream(options.seed ?? 0);
  let begun = 0;
  return async (signal, work, mayRepeat = () => true) => {
    // Each call its own stream: its waits do not hang on what happens to the others.
    const random = seeds.fork(`call-${begun++}`);
    const late = new AbortController();
    const end = performance.now() + deadline * 1000;
    // A deadline beyond what timers wait is not watched for: weeks pass before.
    const timer =
      deadline * 1000 <= 2_147_483_647 ? setTimeout(() => late.abort(), deadline * 1000) : undefined;
    const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    let last: PalateError | undefined;
    try {
      for (let attempt = 1; ; attempt++)
        try {
          return await work(either);
        } catch (error) {
          throwIfCancelled(signal, 'a call to a model');
          if (late.signal.aborted) throw pastDeadline(deadline, attempt, last);
          if (!PalateError.is(error) || !error.isRetryable || attempt >= maxAttempts || !mayRepeat())
            throw error;
          last = error;
          const jitter = random.uniform() * Math.min(maxWait, base * 2 ** (attempt - 1));
          const asked = error instanceof ModelCallError ? (error.retryAfterSeconds ?? 0) : 0;
          // Spread out after Retry-After too, lest all callers come back in the same moment.
          const waitSeconds = asked > 0 ? asked + Math.min(jitter, asked) : jitter;
          if (performance.now() + waitSeconds * 1000 > end) throw error;
          options.onRetry?.({ attempt, waitSeconds, error });
          await sleep(waitSeconds * 1000, signal);
        }
    } finally {
      clearTimeout(timer);
    }
  };
}

function pastDeadline(seconds: number, attempts: number, cause: PalateError | undefined): ModelCallError {
  return new ModelCallError('timed-out', {
    expected: `an answer within the deadline of ${seconds} s for all attempts`,
    received: `none after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`,
    hint: 'Raise deadlineSeconds, or check the server.',
    cause,
  });
}
