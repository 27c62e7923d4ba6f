import {
  defineOptions,
  type LanguageModel,
  type OptionsOf,
  option,
  PalateError,
  RandomStream,
  throwIfCancelled,
} from '@palate/core';
import { ModelCallError } from '../models/model-error.js';
import { languageModel, type StreamingLanguageModel, singleCalls } from '../models/single-calls.js';
import { sleep } from '../models/sleep.js';

/** Options of {@link withRetry}. */
export const RETRY = defineOptions(
  'withRetry',
  {
    maxAttempts: option.integer({ min: 1 })({ default: 6, doc: 'attempts at a call, the first included' }),
    baseSeconds: option.number({ min: 0 })({
      default: 0.5,
      doc: 'the wait before the second attempt is at most this, in seconds; it doubles each time',
    }),
    maxWaitSeconds: option.number({ min: 0 })({
      default: 30,
      doc: 'longest wait between attempts, in seconds; the server may ask for more',
    }),
    deadlineSeconds: option.number({ min: 0 })({
      default: 600,
      doc: 'from the first attempt to the last answer, waits included, in seconds',
    }),
    seed: option.integer()({ default: 0, doc: 'seed of the jitter' }),
    onRetry: option.function<(retry: RetryNotice) => void>().optional({ doc: 'called before each wait' }),
  },
  [],
);

/** Options of {@link withRetry}; {@link RETRY} says what each does. */
export type RetryOptions = OptionsOf<typeof RETRY.declarations>;

/** The retry option of models that make their own calls. */
export const RETRY_OPTION = option.value<RetryOptions | false>(
  'options of `withRetry`, or false',
  (value) => value === false || (typeof value === 'object' && value !== null),
)({
  default: {},
  defaultText: 'as by `withRetry`',
  doc: 'how temporary failures (rate limits, overload) are retried; `false` for never',
});

/** A call that is about to be made again. */
export interface RetryNotice {
  readonly attempt: number;
  readonly waitSeconds: number;
  readonly error: PalateError;
}

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

/** Makes a retrier by the rules of {@link withRetry}; `false` for one that never calls again. */
export function retrier(options: RetryOptions | false): Retrier {
  const {
    maxAttempts,
    baseSeconds: base,
    maxWaitSeconds: maxWait,
    deadlineSeconds: deadline,
    seed,
    onRetry,
  } = RETRY.settings(options === false ? { maxAttempts: 1 } : options);
  const seeds = new RandomStream(seed);
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
          onRetry?.({ attempt, waitSeconds, error });
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
