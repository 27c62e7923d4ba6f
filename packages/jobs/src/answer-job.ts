import {
  CancelledError,
  checkNumber,
  checkOptions,
  type GenerateOutcome,
  type GenerateRequest,
  type GenerateResult,
  type LanguageModel,
  type LongCallOptions,
  PalateError,
} from '@palate/core';
import { type Job, workWith } from './job.js';
import type { JobQueue } from './job-queue.js';

/** A job that is one question to a language model, so that an executor of whole batches can ask it as well. */
export interface RequestJob<I, O> extends Job<I, O> {
  /** The question of an input. */
  readonly request: (input: I) => GenerateRequest;
  /** The result that an answer makes. */
  readonly read: (answer: GenerateResult) => O;
}

/** Tokens of an answer whose request says no `maxTokens`, as they are reserved in a budget. */
const ANSWER = 4096;
/** Tokens around each message, at most. */
const AROUND = 16;

/** The most tokens that a request may cost: no token is shorter than a byte. */
function mostTokens({ messages, maxTokens = ANSWER, schema }: GenerateRequest): number {
  const read = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content) + AROUND, 0);
  return read + (schema ? Buffer.byteLength(JSON.stringify(schema)) : 0) + maxTokens;
}

/** Tokens that an answer has cost: as its server counts them, or the most that the request may cost where it does not say. */
export function tokensOf({ usage }: GenerateResult, request: GenerateRequest): number {
  const tokens = (usage?.inputTokens ?? Number.NaN) + (usage?.outputTokens ?? Number.NaN);
  return Number.isFinite(tokens) && tokens >= 0 ? tokens : mostTokens(request);
}

/** Options of {@link answerJob}. */
export interface AnswerJobOptions {
  /** Name of a round of questions: what was answered in another round is asked again. Default: one round for all. */
  readonly round?: string | undefined;
}

/**
 * Makes the job of asking a language model: knowledge, rankings, whatever is asked for. Its budget counts tokens. The model's
 * own retries are to be left off: a queue tries again what may pass.
 *
 * @param model - its `id` is part of the name and of the key: another model is asked anew, and by no worker that has this one
 */
export function answerJob(
  model: LanguageModel,
  { round }: AnswerJobOptions = {},
): RequestJob<GenerateRequest, GenerateResult> {
  return {
    name: workWith('answer', model.id),
    key: (request) => ({ model: model.id, request, ...(round === undefined ? {} : { round }) }),
    request: (request) => request,
    read: (answer) => answer,
    run: (request, { pay, signal }) =>
      pay('answer', {
        most: mostTokens(request),
        call: async () => {
          const [outcome] = await model.generate([request], { signal });
          if (!outcome?.ok)
            throw (
              outcome?.error ??
              new PalateError('bad-answer', {
                expected: 'an outcome of one request',
                received: 'none',
                hint: 'See the model.',
              })
            );
          return { value: outcome.result, cost: tokensOf(outcome.result, request) };
        },
      }),
  };
}

/** Options of {@link modelByJobs}. */
export interface ModelByJobsOptions {
  /** The model that the workers ask, by its `id`. */
  readonly model: Pick<LanguageModel, 'id'>;
  /** Milliseconds for which requests wait for others to be asked together: some thousands for batches. Default 0. */
  readonly gather?: number | undefined;
}

interface Waiting {
  readonly requests: readonly GenerateRequest[];
  readonly options: LongCallOptions;
  readonly resolve: (outcomes: GenerateOutcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes a language model from a queue: its requests are answered by the workers of the queue, under their budget and rate limit, and an
 * answer that was paid for once is given again. `generateKnowledge` and every other part that takes a model works with it.
 */
export function modelByJobs(
  queue: JobQueue,
  job: RequestJob<GenerateRequest, GenerateResult>,
  options: ModelByJobsOptions,
): LanguageModel {
  checkOptions('modelByJobs', options, ['model', 'gather']);
  const { model } = options;
  const gather = checkNumber('gather', options.gather ?? 0, { min: 0 });
  let waiting: Waiting[] = [];
  const ask = async (
    requests: readonly GenerateRequest[],
    options: LongCallOptions,
  ): Promise<GenerateOutcome[]> => {
    const results = await queue.run(job, requests, {
      signal: options.signal,
      onProgress: options.onProgress,
    });
    return results.map((result) =>
      result.ok
        ? { ok: true, result: result.value }
        : {
            ok: false,
            error: new PalateError(result.error.code, {
              expected: 'an answer by a worker',
              received: result.error.message,
              hint: 'Ask again once the cause is fixed: finished work is kept.',
            }),
          },
    );
  };
  const send = async (): Promise<void> => {
    const group = waiting;
    waiting = [];
    // One who stops waiting does not stop the others.
    try {
      const outcomes = await ask(
        group.flatMap(({ requests }) => requests),
        group.length === 1 ? (group[0]?.options ?? {}) : {},
      );
      let from = 0;
      for (const { requests, resolve } of group) {
        resolve(outcomes.slice(from, from + requests.length));
        from += requests.length;
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };
  return {
    id: model.id,
    generate: (requests, options = {}) => {
      if (gather === 0) return ask(requests, options);
      const { signal } = options;
      if (signal?.aborted) return Promise.reject(new CancelledError('a question to a model'));
      return new Promise((resolve, reject) => {
        if (waiting.length === 0) setTimeout(send, gather);
        const stop = (): void => reject(new CancelledError('a question to a model'));
        signal?.addEventListener('abort', stop, { once: true });
        const ended = (): void => signal?.removeEventListener('abort', stop);
        waiting.push({
          requests,
          options,
          resolve: (outcomes) => {
            ended();
            resolve(outcomes);
          },
          reject: (error) => {
            ended();
            reject(error);
          },
        });
      });
    },
  };
}
