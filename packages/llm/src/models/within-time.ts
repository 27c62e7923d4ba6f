import { throwIfCancelled } from '@palate/core';
import { ModelCallError } from './model-error.js';

/**
 * Makes a call within its time.
 *
 * @param what - the call, for messages
 * @param expected - for the message of a call that took too long
 * @param work - gets a signal that fires at the end of the time too, and may call `alive` at each sign of life, which starts
 *   the wait anew
 * @param failed - turns what else `work` throws into an error of this package
 * @throws ModelCallError if the time is over, CancelledError if `signal` fires
 */
export async function withinTime<T>(
  { what, expected, milliseconds }: { what: string; expected: string; milliseconds: number },
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal, alive: () => void) => PromiseLike<T>,
  failed: (error: unknown) => unknown,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), milliseconds);
  const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
  try {
    return await work(either, () => timer.refresh());
  } catch (error) {
    throwIfCancelled(signal, what);
    if (late.signal.aborted)
      throw new ModelCallError('timed-out', {
        expected,
        received: 'no whole answer',
        hint: 'Raise timeoutSeconds, ask for fewer tokens, or check the server.',
        isRetryable: true,
      });
    throw failed(error);
  } finally {
    clearTimeout(timer);
  }
}
