import {
  defineOptions,
  type GenerateRequest,
  type GenerateResult,
  type LanguageModel,
  type LikelihoodRequest,
  type LikelihoodResult,
  type OptionsOf,
  option,
  orCancelled,
  PalateError,
} from '@palate/core';
import { LookAgain } from '../models/look-again.js';
import { requestKey } from '../models/request-key.js';
import { languageModel, type StreamingLanguageModel, singleCalls } from '../models/single-calls.js';
import { readAnswer } from '../structured/read-answer.js';
import { AnswerCache } from './answer-cache.js';

/** Options of {@link withCache}. */
export const WITH_CACHE = defineOptions(
  'withCache',
  {
    cache: option
      .value<AnswerCache>('an AnswerCache', (value) => value instanceof AnswerCache)
      .required({ doc: 'the cache that stores the answers' }),
  },
  [],
);

/** Options of {@link withCache}; {@link WITH_CACHE} says what each does. */
export type WithCacheOptions = OptionsOf<typeof WITH_CACHE.declarations>;

/**
 * Answers from the cache what was answered before, and stores every new success as it comes: a job that is
 * killed pays again for nothing that it had received.
 *
 * The key is over the model's id and settings and the whole request, so that the same question at a
 * temperature above 0 has one answer; give it another `seed` to sample anew. Equal requests in flight are
 * made once, also by processes that share the folder: one of them asks, and the others wait for what it stores, or ask
 * themselves once it has failed or ended. Failures are not stored, nor answers that are none: empty, cut at the length
 * limit, filtered, refused. A cache that can only be read answers what it holds; where an answer cannot be stored (a
 * full disk), it is handed on and counted in the cache's `notStored`. Put it outermost: what it answers meets no limit,
 * budget or wait.
 *
 * @example
 * ```ts
 * const cache = await AnswerCache.open('answers');
 * const model = withCache(withRetry(withLimits(openaiModel({ model: 'gpt-4o-mini' }), { requestsPerMinute: 500 })), { cache });
 * ```
 */
export function withCache(model: LanguageModel, options: WithCacheOptions): StreamingLanguageModel {
  const { cache } = WITH_CACHE.settings(options);
  const calls = singleCalls(model);
  const inFlight = new Map<string, Promise<{ readonly answer: unknown }>>();

  async function cached<T>(
    key: string,
    signal: AbortSignal | undefined,
    call: () => Promise<T>,
    isWorthKeeping: (answer: T) => boolean,
  ): Promise<{ answer: T; isNew: boolean }> {
    for (;;) {
      const stored = cache.get(key) as T | undefined;
      if (stored !== undefined && isWorthKeeping(stored)) return { answer: stored, isNew: false };
      const other = inFlight.get(key);
      if (!other) break;
      try {
        const { answer } = await orCancelled(other, signal, 'waiting for an answer');
        return { answer: answer as T, isNew: false };
      } catch (error) {
        // Its caller gave up, not we: ask ourselves.
        if (!PalateError.is(error) || error.code !== 'cancelled' || signal?.aborted) throw error;
      }
    }
    const asking = (async () => {
      let claim = cache.claim(key);
      for (const looks = new LookAgain(); claim === 'taken'; claim = cache.claim(key))
        await looks.wait(signal, 'waiting for an answer');
      let isOpen = claim === 'granted';
      try {
        // Stored by another process since it was looked for, or not worth keeping any more.
        const stored = cache.get(key) as T | undefined;
        if (stored !== undefined && isWorthKeeping(stored)) return { answer: stored, isNew: false };
        const answer = await call();
        // A claim ends with what is stored.
        if (isWorthKeeping(answer) && (await cache.keep(key, answer))) isOpen = false;
        return { answer, isNew: true };
      } finally {
        if (isOpen) cache.release(key);
      }
    })();
    inFlight.set(key, asking);
    try {
      return await asking;
    } finally {
      inFlight.delete(key);
    }
  }

  const { logLikelihood } = calls;
  return languageModel({
    ...calls,
    async generate(request: GenerateRequest, how) {
      const { answer, isNew } = await cached<GenerateResult>(
        requestKey(calls, request),
        how.signal,
        () => calls.generate(request, how),
        (result) => readAnswer(result).ok,
      );
      if (!isNew) how.onText?.(answer.text);
      return answer;
    },
    ...(logLikelihood && {
      async logLikelihood(request: LikelihoodRequest, how) {
        const call = (): Promise<LikelihoodResult> => logLikelihood.call(calls, request, how);
        return (await cached(requestKey(calls, request), how.signal, call, () => true)).answer;
      },
    }),
  });
}
