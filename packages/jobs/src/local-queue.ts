import { setTimeout as pause } from 'node:timers/promises';
import { checkNumber, PalateError, throwIfCancelled } from '@palate/core';
import { type JobLimits, MemoryCallLedger } from './call-ledger.js';
import { type Job, type JobResult, jobKey } from './job.js';
import { jobContext } from './job-context.js';
import { countFailures, failureOf } from './job-failure.js';
import { type JobCounts, type JobQueue, PAUSES } from './job-queue.js';

/** Options of {@link LocalQueue}. */
export interface LocalQueueOptions extends JobLimits {
  /** Jobs at a time. Default 4. */
  readonly concurrency?: number | undefined;
}

/** Does jobs in this process. What was done is remembered until it ends. */
export class LocalQueue implements JobQueue {
  readonly #concurrency: number;
  readonly #ledger: MemoryCallLedger;
  readonly #results = new Map<string, JobResult<unknown>>();
  readonly #closing = new AbortController();
  #waiting = 0;
  #running = 0;

  constructor({ concurrency = 4, ...limits }: LocalQueueOptions = {}) {
    this.#concurrency = checkNumber('concurrency', concurrency, { min: 1, integer: true });
    this.#ledger = new MemoryCallLedger(limits);
  }

  async run<I, O>(
    job: Job<I, O>,
    inputs: readonly I[],
    { signal, onProgress }: Parameters<JobQueue['run']>[2] = {},
  ): Promise<JobResult<O>[]> {
    const both = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    throwIfCancelled(both, `jobs of ${job.name}`);
    const keys = inputs.map((input) => jobKey(job, input));
    const todo = [...new Map(keys.map((key, at) => [key, inputs[at] as I]))].filter(
      ([key]) => this.#results.get(key)?.ok !== true,
    );
    this.#waiting += todo.length;
    const total = todo.length;
    let done = 0;
    const work = async (): Promise<void> => {
      for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
        this.#waiting--;
        this.#running++;
        try {
          this.#results.set(next[0], await this.#do(job, next[0], next[1], both));
        } finally {
          this.#running--;
        }
        onProgress?.({ phase: job.name, done: ++done, total });
      }
    };
    try {
      await Promise.all(Array.from({ length: this.#concurrency }, work));
    } finally {
      this.#waiting -= todo.splice(0).length;
    }
    return keys.map((key) => this.#results.get(key) as JobResult<O>);
  }

  async #do<I, O>(job: Job<I, O>, key: string, input: I, signal: AbortSignal): Promise<JobResult<O>> {
    for (let attempt = 0; ; attempt++) {
      throwIfCancelled(signal, `jobs of ${job.name}`);
      try {
        return { key, ok: true, value: await job.run(input, jobContext(key, this.#ledger, signal)) };
      } catch (error) {
        throwIfCancelled(signal, `jobs of ${job.name}`);
        const milliseconds = PAUSES[attempt];
        if (milliseconds === undefined || !(PalateError.is(error) && error.isRetryable))
          return { key, ok: false, error: failureOf(error) };
        await pause(milliseconds, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async counts(): Promise<JobCounts> {
    const results = [...this.#results.values()];
    return {
      waiting: this.#waiting,
      running: this.#running,
      done: results.filter(({ ok }) => ok).length,
      failed: countFailures(results.flatMap((result) => (result.ok ? [] : [result.error]))),
      spent: await this.#ledger.spent(),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }
}
