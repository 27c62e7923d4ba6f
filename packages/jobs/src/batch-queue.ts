import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  contentHash,
  type GenerateOutcome,
  type GenerateRequest,
  InvalidInputError,
  type LongCallOptions,
  readTextIfThere,
  throwIfCancelled,
  writeFileAtomically,
} from '@palate/core';
import type { RequestJob } from './answer-job.js';
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

/**
 * Does jobs that are questions to a language model by a service of batches, such as OpenAI's: half the price, within a day. All
 * open questions of a run are one batch. One process works in a folder at a time.
 */
export class BatchQueue implements JobQueue {
  readonly #dir: string;
  readonly #answer: BatchQueueOptions['answer'];
  readonly #results = new Map<string, Kept>();
  readonly #closing = new AbortController();
  #waiting = 0;
  #loaded: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ dir, answer }: BatchQueueOptions) {
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
        received: `jobs of ${job.name}, which are work of another kind`,
        hint: 'Do them by LocalQueue or RedisQueue.',
      });
    const keys = inputs.map((input) => jobKey(job, input));
    // What a run that was stopped had asked is waited for first, whatever is asked now.
    this.#loaded ??= this.#load(both, onProgress);
    await this.#loaded.catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    const open = [...new Map(keys.map((key, at) => [key, request(inputs[at] as I)]))].filter(
      ([key]) => this.#results.get(key)?.ok !== true,
    );
    if (open.length > 0) {
      // What failed is another batch: the folder of one that has ended asks nothing again.
      const name = `batch-${contentHash([open.map(([key]) => key), (await this.#batches()).length]).slice(0, 16)}`;
      await mkdir(join(this.#dir, name), { recursive: true });
      const batch = { keys: open.map(([key]) => key), requests: open.map(([, each]) => each) };
      await writeFileAtomically(join(this.#dir, name, 'jobs.json'), JSON.stringify(batch));
      await this.#finish(name, batch, both, onProgress);
    }
    return keys.map((key) => {
      const kept = this.#results.get(key) as Kept;
      return kept.ok
        ? { key, ok: true, value: read(kept.value as never) }
        : { key, ok: false, error: kept.error };
    });
  }

  /** Names of the batches in the folder. */
  async #batches(): Promise<string[]> {
    await mkdir(this.#dir, { recursive: true });
    return (await readdir(this.#dir)).filter((name) => name.startsWith('batch-')).sort();
  }

  async #load(signal: AbortSignal, onProgress: LongCallOptions['onProgress']): Promise<void> {
    const named = await this.#batches();
    const read = async (name: string, file: string): Promise<unknown> => {
      const text = await readTextIfThere(join(this.#dir, name, file));
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    };
    for (const name of named) {
      const results = (await read(name, 'results.json')) as Kept[] | undefined;
      if (results) for (const each of results) this.#keep(each);
      else {
        const batch = (await read(name, 'jobs.json')) as Batch | undefined;
        // Without its jobs nothing was asked.
        if (batch) await this.#finish(name, batch, signal, onProgress);
      }
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
        if (outcome?.ok) {
          const { inputTokens, outputTokens } = outcome.result.usage;
          return { key, ok: true, value: outcome.result, cost: inputTokens + outputTokens };
        }
        const error: JobFailure = outcome
          ? failureOf(outcome.error)
          : { code: 'bad-answer', message: 'no outcome came for this request' };
        return { key, ok: false, error, cost: 0 };
      });
      await writeFileAtomically(join(dir, 'results.json'), JSON.stringify(kept));
      for (const each of kept) this.#keep(each);
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
