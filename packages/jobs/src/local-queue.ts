import { setTimeout as pause } from 'node:timers/promises';
import { checkNumber, checkOptions, PalateError, throwIfCancelled } from '@palate/core';
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
  readonly #underWay = new Map<string, Promise<JobResult<unknown>>>();
  readonly #closing = new AbortController();
  #waiting = 0;
  #running = 0;

  constructor(options: LocalQueueOptions = {}) {
    checkOptions('LocalQueue', options, ['concurrency', 'budget', 'callsPerSecond']);
    const { concurrency = 4, ...limits } = options;
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
          await this.#once(job, next[0], next[1], both);
        } finally {
          this.#running--;
        }
        onProgress?.({ phase: job.name, done: ++done, total });
      }
    };
    // None works on when the caller is told.
    const ended = await Promise.allSettled(
      Array.from({ length: this.#concurrency }, () =>
        work().catch((error: unknown) => {
          // Nobody begins another one.
          this.#waiting -= todo.splice(0).length;
          throw error;
        }),
      ),
    );
    const failure = ended.find(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') throw failure.reason;
    return keys.map((key) => this.#results.get(key) as JobResult<O>);
  }

  /** Does a job that no other run is doing, or waits for that run's result; a run that is cancelled leaves it to the others. */
  async #once<I, O>(job: Job<I, O>, key: string, input: I, signal: AbortSignal): Promise<void> {
    for (let other = this.#underWay.get(key); other; other = this.#underWay.get(key)) {
      const isDone = await other.then(
        () => true,
        () => false,
      );
      throwIfCancelled(signal, `jobs of ${job.name}`);
      if (isDone) return;
    }
    const doing = this.#do(job, key, input, signal);
    this.#underWay.set(key, doing);
    try {
      this.#results.set(key, await doing);
    } finally {
      this.#underWay.delete(key);
    }
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
