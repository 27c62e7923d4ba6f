/** Runs changes of a state one after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a change after those before it, whatever became of them. */
  run<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#last.then(change);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Resolves when no change asked for so far runs any more, whatever became of them. */
  async ended(): Promise<void> {
    await this.#last;
  }
}
