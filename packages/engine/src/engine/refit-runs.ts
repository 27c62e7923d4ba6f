import { CancelledError } from '@palate/core';
import type { RefitStatus } from './engine-status.js';
import type { RefitReport } from './refit.js';

/** The refits of an engine, one at a time, with the state of the last one. */
export class RefitRuns {
  #running: Promise<RefitReport> | undefined;
  #status: RefitStatus = { state: 'none' };

  get status(): RefitStatus {
    return this.#status;
  }

  /** Runs a refit; while one runs, its report is waited for instead. */
  run(work: () => Promise<Omit<RefitReport, 'seconds'>>): Promise<RefitReport> {
    this.#running ??= this.#watched(work).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves when no refit runs, whatever became of it. */
  async ended(): Promise<void> {
    await this.#running?.catch(() => undefined);
  }

  async #watched(work: () => Promise<Omit<RefitReport, 'seconds'>>): Promise<RefitReport> {
    const startedAt = Date.now() / 1000;
    this.#status = { state: 'running', startedAt };
    try {
      const report = await work();
      const endedAt = Date.now() / 1000;
      this.#status = { state: 'done', startedAt, endedAt };
      return { ...report, seconds: endedAt - startedAt };
    } catch (error) {
      this.#status = {
        state: error instanceof CancelledError ? 'cancelled' : 'failed',
        startedAt,
        endedAt: Date.now() / 1000,
        error: (error as Error).message,
      };
      throw error;
    }
  }
}
