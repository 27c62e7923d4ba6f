import { CancelledError } from './errors.js';

/** One step of a long call, as passed to `onProgress`. */
export interface Progress {
  /** Work that is being done, in a word or two: `"fit"`, `"load ratings.dat"`, `"epoch 3"`. */
  readonly phase: string;
  /** Units finished in this phase. */
  readonly done: number;
  /** Units in all, where known. */
  readonly total?: number | undefined;
  /** Numbers of the moment, such as `loss`. */
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  /** Estimated seconds to the end of the phase, where known. */
  readonly secondsLeft?: number | undefined;
}

/** Options that every long call takes. */
export interface LongCallOptions {
  /** Cancels the call: it rejects with {@link CancelledError} and leaves nothing half written. */
  readonly signal?: AbortSignal | undefined;
  /** Told at least once a phase, at most a few times a second. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Seed of all randomness in the call: the same seed and data give the same result. Default 0. */
  readonly seed?: number | undefined;
}

/** Names of the options of {@link LongCallOptions}, to pass to `checkOptions`. */
export const LONG_CALL_OPTIONS = ['signal', 'onProgress', 'seed'] as const;

/**
 * Throws when a signal has fired.
 *
 * @param what - the call, for the message
 * @throws CancelledError if `signal` is aborted; its reason is the cause
 */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new CancelledError(what, signal.reason);
}

/**
 * Lets timers, input and cancellation run between two stretches of synchronous work.
 *
 * @throws CancelledError if `signal` has fired by then
 */
export async function yieldToEventLoop(signal: AbortSignal | undefined, what: string): Promise<void> {
  await new Promise<void>((resolve) => {
    // Browsers have timers alone.
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
  throwIfCancelled(signal, what);
}

/**
 * Waits for work that others wait for as well, but no longer than until a signal fires; the work goes on.
 *
 * @param what - the wait, for the message
 * @throws CancelledError if `signal` fires, or has fired; its reason is the cause
 */
export async function orCancelled<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<T> {
  if (!signal) return work;
  let stop = (): void => undefined;
  const cancelled = new Promise<never>((_, reject) => {
    stop = () => reject(new CancelledError(what, signal.reason));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([cancelled, work]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
