import { checkNumber, checkOptions, InvalidInputError, PalateError } from '@palate/core';
import type { JobLimits } from './call-ledger.js';
import type { Job } from './job.js';
import { jobContext } from './job-context.js';
import { failureInWords, failureOf } from './job-failure.js';
import { RedisCallLedger } from './redis-ledger.js';
import { connectRedis, loadBullmq } from './redis-parts.js';
import { PREFIX, QUEUE, type QueuedData, type RedisQueueOptions } from './redis-queue.js';

/** Options of {@link startWorker}. Give all workers of a queue the same limits: they hold over all of them together. */
export interface WorkerOptions extends RedisQueueOptions, JobLimits {
  /** The jobs that this worker can do. */
  // biome-ignore lint/suspicious/noExplicitAny: jobs of any input and result, told apart by their names
  readonly jobs: readonly Job<any, any>[];
  /** Jobs at a time. Default 4. */
  readonly concurrency?: number | undefined;
  /** Seconds without a sign of life after which another worker takes a job over. Default 30. */
  readonly lease?: number | undefined;
}

/** A worker that takes jobs from a queue until it is closed. */
export interface RunningWorker {
  /** Stops taking jobs, and waits for those under way. */
  close(): Promise<void>;
}

/** How often a job may be taken over from a worker that ended: a job is not at fault for that. */
const MOST_TAKEN_OVER = 1_000_000;

/**
 * Starts a worker in this process. Killed at any moment it loses nothing: another one takes over what it had begun, and is given
 * the answers that were paid for.
 *
 * @throws PalateError of code `queue-unreachable` if Redis does not answer
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  checkOptions('startWorker', options, [
    'url',
    'prefix',
    'jobs',
    'concurrency',
    'lease',
    'budget',
    'callsPerSecond',
  ]);
  const { url, prefix = PREFIX, jobs, concurrency = 4, lease = 30, budget, callsPerSecond } = options;
  const milliseconds = 1000 * checkNumber('lease', lease, { min: 0.1 });
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const { Worker, UnrecoverableError } = await loadBullmq();
  const redis = await connectRedis(url);
  const ledger = new RedisCallLedger(redis, prefix, { budget, callsPerSecond });
  const closing = new AbortController();
  // A connection that it is given is not the worker's to close.
  const connection = redis.duplicate();
  const worker = new Worker<QueuedData, string>(
    QUEUE,
    async ({ id = '', name, data }) => {
      try {
        const job = byName.get(name);
        if (!job)
          throw new InvalidInputError({
            expected: `work among ${[...byName.keys()].join(', ')}`,
            received: name,
            hint: 'Start workers that know this job, in the same version as the caller.',
          });
        const value: unknown = await job.run(JSON.parse(data.input), jobContext(id, ledger, closing.signal));
        return JSON.stringify(value ?? null);
      } catch (error) {
        const told = failureInWords(failureOf(error));
        throw PalateError.is(error) && error.isRetryable ? new Error(told) : new UnrecoverableError(told);
      }
    },
    {
      connection,
      prefix,
      concurrency: checkNumber('concurrency', concurrency, { min: 1, integer: true }),
      lockDuration: milliseconds,
      stalledInterval: milliseconds / 2,
      maxStalledCount: MOST_TAKEN_OVER,
    },
  );
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
  return {
    close: async () => {
      await worker.close();
      closing.abort();
      connection.disconnect();
      redis.disconnect();
    },
  };
}
