import { throwIfCancelled } from '@palate/core';

/** The longest that a timer waits; for a longer wait it would fire at once. */
const LONGEST_MS = 2_147_483_647;

/**
 * Waits, for as long as it is said: months too.
 *
 * @param wake - ends the wait early, without an error
 * @throws CancelledError if `signal` fires first
 */
export async function sleep(ms: number, signal?: AbortSignal, wake?: AbortSignal): Promise<void> {
  throwIfCancelled(signal, 'waiting');
  const end = performance.now() + ms;
  do {
    await wait(Math.min(Math.max(0, end - performance.now()), LONGEST_MS), signal, wake);
    throwIfCancelled(signal, 'waiting');
  } while (!wake?.aborted && end - performance.now() >= 1);
}

async function wait(ms: number, signal?: AbortSignal, wake?: AbortSignal): Promise<void> {
  if (wake?.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      wake?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    wake?.addEventListener('abort', done, { once: true });
  });
}
