import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ArtifactError,
  checkOptions,
  contentHash,
  type GenerateOutcome,
  type GenerateRequest,
  InvalidInputError,
  isObject,
  type LongCallOptions,
  lockFolder,
  readTextIfThere,
  throwIfCancelled,
  writeFileAtomically,
} from '@palate/core';
import { type RequestJob, tokensOf } from './answer-job.js';
import { type Job, type JobResult, jobKey } from './job.js';
import { countFailures, failureOf, type JobFailure } from './job-failure.js';
import type { JobCounts, JobQueue } from './job-queue.js';

/** Options of {@link BatchQueue}. */
export interface BatchQueueOptions {
  /** Folder of batches and answers. */
  readonly dir: string;
  /**
   * Asks requests in a folder of their own and waits for all outcomes; called again with the same folder it goes on where it
   * was stopped, and pays nothing again. `(requests, options) => generateByBatch(requests, { model, ...options })` of
   * `@palate/llm` is one.
   */
  readonly answer: (
    requests: readonly GenerateRequest[],
    options: { readonly dir: string } & Pick<LongCallOptions, 'signal' | 'onProgress'>,
  ) => Promise<GenerateOutcome[]>;
}

/** A batch as its folder keeps it. */
interface Batch {
  readonly keys: readonly string[];
  readonly requests: readonly GenerateRequest[];
}

type Kept = JobResult<unknown> & { readonly cost: number };

const isKept = (value: unknown): value is Kept =>
  isObject(value) &&
  typeof value.key === 'string' &&
  typeof value.cost === 'number' &&
  (value.ok === true ? isObject(value.value) : value.ok === false && isObject(value.error));

const isBatch = (value: unknown): value is Batch =>
  isObject(value) &&
  Array.isArray(value.keys) &&
  Array.isArray(value.requests) &&
  value.keys.length === value.requests.length &&
  value.keys.every((key) => typeof key === 'string') &&
  value.requests.every((request) => isObject(request) && Array.isArray(request.messages));

/**
 * Does jobs that are questions to a language model by a service of batches, such as OpenAI's: half the price, within a day. All
 * open questions of a run are one batch. One process works in a folder at a time: another is refused while a run lasts, and
 * finds afterwards what was answered.
 */
export class BatchQueue implements JobQueue {
  readonly #dir: string;
  readonly #answer: BatchQueueOptions['answer'];
  readonly #results = new Map<string, Kept>();
  readonly #closing = new AbortController();
  /** Batches whose results are kept. */
  readonly #loaded = new Set<string>();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: BatchQueueOptions) {
    checkOptions('BatchQueue', options, ['dir', 'answer']);
    const { dir, answer } = options;
    this.#dir = dir;
    this.#answer = answer;
  }

  run<I, O>(
    job: Job<I, O>,
    inputs: readonly I[],
    options: Parameters<JobQueue['run']>[2] = {},
  ): Promise<JobResult<O>[]> {
    // One after the other: what one run asks the next one need not.
    const next = this.#last.then(() => this.#run(job, inputs, options));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #run<I, O>(
    job: Job<I, O>,
    inputs: readonly I[],
    { signal, onProgress }: NonNullable<Parameters<JobQueue['run']>[2]>,
  ): Promise<JobResult<O>[]> {
    const both = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    throwIfCancelled(both, `jobs of ${job.name}`);
    const { request, read } = job as Partial<RequestJob<I, O>>;
    if (!request || !read)
      throw new InvalidInputError({
        expected: 'jobs that are one question to a language model each (RequestJob)',
        received: `jobs of ${job.name}, which are another kind of work`,
        hint: 'Run them with LocalQueue or RedisQueue.',
      });
    const keys = inputs.map((input) => jobKey(job, input));
    const lock = await lockFolder(this.#dir, 'batches of jobs');
    try {
      // What a run that was stopped had asked is waited for first, whatever is asked now.
      await this.#load(both, onProgress);
      await this.#ask(keys, (at) => request(inputs[at] as I), both, onProgress);
    } finally {
      await lock.release();
    }
    return keys.map((key) => {
      const kept = this.#results.get(key) as Kept;
      return kept.ok
        ? // What this job's own `read` was made for: it was kept under the key of the job.
          { key, ok: true, value: read(kept.value as never) }
        : { key, ok: false, error: kept.error };
    });
  }

  /** Asks what has no result, as one batch. */
  async #ask(
    keys: readonly string[],
    request: (at: number) => GenerateRequest,
    signal: AbortSignal,
    onProgress: LongCallOptions['onProgress'],
  ): Promise<void> {
    const open = [...new Map(keys.map((key, at) => [key, request(at)]))].filter(
      ([key]) => this.#results.get(key)?.ok !== true,
    );
    if (open.length === 0) return;
    // What failed is another batch: the folder of one that has ended asks nothing again.
    const name = `batch-${contentHash([open.map(([key]) => key), (await this.#batches()).length]).slice(0, 16)}`;
    await mkdir(join(this.#dir, name), { recursive: true });
    const batch = { keys: open.map(([key]) => key), requests: open.map(([, each]) => each) };
    await writeFileAtomically(join(this.#dir, name, 'jobs.json'), JSON.stringify(batch));
    await this.#finish(name, batch, signal, onProgress);
  }

  /** Names of the batches in the folder. */
  async #batches(): Promise<string[]> {
    await mkdir(this.#dir, { recursive: true });
    return (await readdir(this.#dir)).filter((name) => name.startsWith('batch-')).sort();
  }

  async #load(signal: AbortSignal, onProgress: LongCallOptions['onProgress']): Promise<void> {
    for (const name of await this.#batches()) {
      if (this.#loaded.has(name)) continue;
      // Results that cannot be read are made once more: the service's folder has the answers.
      const results = await this.#read(name, 'results.json');
      if (Array.isArray(results) && results.every(isKept)) {
        for (const each of results) this.#keep(each);
        this.#loaded.add(name);
        continue;
      }
      const batch = await this.#read(name, 'jobs.json');
      // Without its jobs nothing was asked.
      if (batch === undefined) continue;
      if (!isBatch(batch))
        throw new ArtifactError(join(this.#dir, name, 'jobs.json'), {
          expected: 'the jobs of a batch, as they were sent',
          received: 'something else',
          hint: 'Restore the file, so that its answers are found; or move its folder away: then the batch is sent and paid again.',
        });
      await this.#finish(name, batch, signal, onProgress);
    }
  }

  /** The JSON of a batch's file; nothing where there is none, null where it is no JSON. */
  async #read(name: string, file: string): Promise<unknown> {
    const text = await readTextIfThere(join(this.#dir, name, file));
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return null;
    }
  }

  async #finish(
    name: string,
    { keys, requests }: Batch,
    signal: AbortSignal,
    onProgress: LongCallOptions['onProgress'],
  ): Promise<void> {
    this.#waiting = keys.length;
    try {
      const dir = join(this.#dir, name);
      const outcomes = await this.#answer(requests, { dir: join(dir, 'service'), signal, onProgress });
      const kept = keys.map((key, at): Kept => {
        const outcome = outcomes[at];
        if (outcome?.ok)
          return {
            key,
            ok: true,
            value: outcome.result,
            cost: tokensOf(outcome.result, requests[at] as GenerateRequest),
          };
        const error: JobFailure = outcome
          ? failureOf(outcome.error)
          : { code: 'bad-answer', message: 'no outcome for this request' };
        return { key, ok: false, error, cost: 0 };
      });
      await writeFileAtomically(join(dir, 'results.json'), JSON.stringify(kept));
      for (const each of kept) this.#keep(each);
      this.#loaded.add(name);
    } finally {
      this.#waiting = 0;
    }
  }

  /** A failure does not take the place of a result. */
  #keep(result: Kept): void {
    if (result.ok || this.#results.get(result.key)?.ok !== true) this.#results.set(result.key, result);
  }

  async counts(): Promise<JobCounts> {
    const results = [...this.#results.values()];
    return {
      waiting: 0,
      running: this.#waiting,
      done: results.filter(({ ok }) => ok).length,
      failed: countFailures(results.flatMap((result) => (result.ok ? [] : [result.error]))),
      spent: results.reduce((sum, { cost }) => sum + cost, 0),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#last;
  }
}
