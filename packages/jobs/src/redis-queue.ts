import { setTimeout as pause } from 'node:timers/promises';
import { checkOptions, throwIfCancelled } from '@palate/core';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Job, type JobResult, jobKey } from './job.js';
import { countFailures, failureFromWords } from './job-failure.js';
import { type JobCounts, type JobQueue, PAUSES } from './job-queue.js';
import { RedisCallLedger } from './redis-ledger.js';
import { connectRedis, loadBullmq } from './redis-parts.js';

/** Options of {@link RedisQueue.open}. */
export interface RedisQueueOptions {
  /** `redis://user:password@host:port/number`. */
  readonly url: string;
  /** Beginning of the names of all that is kept there. Default `palate`. */
  readonly prefix?: string | undefined;
}

/** Name of the queue under the prefix. */
export const QUEUE = 'jobs';
export const PREFIX = 'palate';
/** Data and results are kept as JSON, as the job's own side writes it. */
export interface QueuedData {
  readonly input: string;
}

/** Jobs that are added and looked at together, and milliseconds between two looks. */
const PAGE = 200;
const LOOK_EVERY = 50;
/** Failed jobs whose causes are counted, at most. */
const MOST_FAILED = 1000;

/**
 * Hands jobs to workers on other processes or machines, by BullMQ on Redis. Whoever waits may end: the jobs go on, and asking
 * again finds their results. Redis has to keep its data (`appendonly yes`), or a restart of it loses what waits.
 */
export class RedisQueue implements JobQueue {
  readonly #queue: Queue<QueuedData, string>;
  readonly #redis: Redis;
  readonly #ledger: RedisCallLedger;
  #closed: Promise<void> | undefined;

  private constructor(queue: Queue<QueuedData, string>, redis: Redis, ledger: RedisCallLedger) {
    this.#queue = queue;
    this.#redis = redis;
    this.#ledger = ledger;
  }

  /**
   * Connects to the server.
   *
   * @throws PalateError of code `queue-unreachable` if it does not answer
   * @throws MissingDependencyError without `bullmq` and `ioredis`
   */
  static async open(options: RedisQueueOptions): Promise<RedisQueue> {
    checkOptions('RedisQueue.open', options, ['url', 'prefix']);
    const { url, prefix = PREFIX } = options;
    const { Queue: Named } = await loadBullmq();
    const redis = await connectRedis(url);
    const queue = new Named<QueuedData, string>(QUEUE, {
      connection: redis,
      prefix,
      defaultJobOptions: {
        attempts: PAUSES.length + 1,
        backoff: { type: 'exponential', delay: PAUSES[0] as number },
      },
    });
    queue.on('error', () => undefined);
    return new RedisQueue(queue, redis, new RedisCallLedger(redis, prefix));
  }

  async run<I, O>(
    job: Job<I, O>,
    inputs: readonly I[],
    { signal, onProgress }: Parameters<JobQueue['run']>[2] = {},
  ): Promise<JobResult<O>[]> {
    throwIfCancelled(signal, `jobs of ${job.name}`);
    const keys = inputs.map((input) => jobKey(job, input));
    const wanted = [...new Map(keys.map((key, at) => [key, inputs[at] as I]))];
    await this.#add(job.name, wanted);
    const results = new Map<string, JobResult<O>>();
    let open = wanted.map(([key]) => key);
    while (open.length > 0) {
      const looked = open.slice(0, PAGE);
      const ended = await Promise.all(looked.map((key) => this.#resultOf<O>(key)));
      for (const result of ended) if (result) results.set(result.key, result);
      open = open.filter((key) => !results.has(key));
      onProgress?.({ phase: job.name, done: results.size, total: wanted.length });
      throwIfCancelled(signal, `jobs of ${job.name}`);
      // Those that are done already are passed over at once.
      if (ended.every((result) => result === undefined) && open.length > 0) {
        // The first page waits; another one may be further.
        open = [...open.slice(PAGE), ...open.slice(0, PAGE)];
        await pause(LOOK_EVERY);
      }
    }
    return keys.map((key) => results.get(key) as JobResult<O>);
  }

  /** Adds what is not there yet, and has what failed tried again. */
  async #add<I>(name: string, wanted: readonly (readonly [string, I])[]): Promise<void> {
    for (let from = 0; from < wanted.length; from += PAGE) {
      const page = wanted.slice(from, from + PAGE);
      const before = await Promise.all(page.map(([key]) => this.#queue.getJob(key)));
      await Promise.all(
        before.map(async (known) => {
          if (known && (await known.isFailed())) await known.retry('failed', { resetAttemptsMade: true });
        }),
      );
      await this.#queue.addBulk(
        page
          .filter((_, at) => !before[at])
          .map(([key, input]) => ({ name, data: { input: JSON.stringify(input) }, opts: { jobId: key } })),
      );
    }
  }

  async #resultOf<O>(key: string): Promise<JobResult<O> | undefined> {
    const job = await this.#queue.getJob(key);
    if (!job?.finishedOn) return undefined;
    if (await job.isFailed()) return { key, ok: false, error: failureFromWords(job.failedReason ?? '') };
    return (await job.isCompleted())
      ? { key, ok: true, value: JSON.parse(job.returnvalue as string) as O }
      : undefined;
  }

  async counts(): Promise<JobCounts> {
    const counts = await this.#queue.getJobCounts('waiting', 'delayed', 'prioritized', 'active', 'completed');
    const failed = await this.#queue.getFailed(0, MOST_FAILED - 1);
    return {
      waiting: (counts.waiting ?? 0) + (counts.delayed ?? 0) + (counts.prioritized ?? 0),
      running: counts.active ?? 0,
      done: counts.completed ?? 0,
      failed: countFailures(failed.map(({ failedReason = '' }) => failureFromWords(failedReason))),
      spent: await this.#ledger.spent(),
    };
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#queue.close();
      this.#redis.disconnect();
    })();
    return this.#closed;
  }
}
