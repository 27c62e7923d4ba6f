import { setTimeout } from 'node:timers/promises';
import { throwIfCancelled } from '@palate/core';

/** Milliseconds before the first look and between later ones at most. */
const FIRST = 20;
const LAST = 250;

/** Waits between looks for what another process is making, each twice as long as the one before. */
export class LookAgain {
  #pause = FIRST;

  /**
   * Waits for the next look.
   *
   * @param what - the wait, for the message
   * @throws CancelledError if `signal` fires, or has fired
   */
  async wait(signal: AbortSignal | undefined, what: string): Promise<void> {
    // Rejects where the signal fires, which is looked at next.
    await setTimeout(this.#pause, undefined, { signal }).catch(() => {});
    throwIfCancelled(signal, what);
    this.#pause = Math.min(2 * this.#pause, LAST);
  }

  /** Returns to short waits, since something has arrived. */
  restart(): void {
    this.#pause = FIRST;
  }
}
