import { throwIfCancelled } from '@palate/core';

/**
 * Waits.
 *
 * @param wake - ends the wait early, without an error
 * @throws CancelledError if `signal` fires first
 */
export async function sleep(ms: number, signal?: AbortSignal, wake?: AbortSignal): Promise<void> {
  throwIfCancelled(signal, 'waiting');
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
  throwIfCancelled(signal, 'waiting');
}
