import { throwIfCancelled } from '@palate/core';

/** Lets at most `width` pieces of work run at once, the others waiting in the order they came. */
export class Gate {
  readonly width: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.width = width;
  }

  /**
   * Runs `work` as soon as there is room.
   *
   * @throws CancelledError if `signal` fires while it waits
   */
  async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    throwIfCancelled(signal, 'waiting for a free slot');
    if (this.#running < this.width) this.#running++;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The slot goes from hand to hand, so that a newcomer cannot slip in between.
      if (next) next();
      else this.#running--;
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        try {
          throwIfCancelled(signal, 'waiting for a free slot');
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}
