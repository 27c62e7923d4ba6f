import {
  InvalidInputError,
  type LanguageModel,
  type LongCallOptions,
  UnsupportedError,
  yieldToEventLoop,
} from '@palate/core';
import type { RequestGivenItem, RequestLikelihood } from './request-likelihood.js';

/** Options of {@link modelLikelihood}. */
export interface ModelLikelihoodOptions {
  /** The prompt that a request continues. Default: the item, and that somebody asks for it. */
  readonly prompt?: ((item: string) => string) | undefined;
  /** Pairs that are given to the model at once. Default 16. */
  readonly batchSize?: number | undefined;
}

const PROMPT = (item: string): string =>
  `${item}\n\nSomebody who would like this asks for a recommendation without knowing it:\n`;

/**
 * Query likelihood by a language model: the item is the prompt and the request its continuation.
 *
 * @throws UnsupportedError if the model does not score continuations
 */
export function modelLikelihood(
  model: LanguageModel,
  options: ModelLikelihoodOptions = {},
): RequestLikelihood {
  const { prompt = PROMPT, batchSize = 16 } = options;
  if (!model.logLikelihood)
    throw new UnsupportedError({
      expected: 'a language model that scores continuations (logLikelihood)',
      received: model.id,
      hint: 'Use a local model, a server that echoes log-probabilities, UnigramLikelihood or T5Likelihood.',
    });
  return {
    name: `likelihood by ${model.id}`,
    logLikelihoods: async (pairs, call: LongCallOptions = {}) => {
      const scores = new Float32Array(pairs.length);
      for (let from = 0; from < pairs.length; from += batchSize) {
        if (from > 0) await yieldToEventLoop(call.signal, 'scoring requests');
        const chunk = pairs.slice(from, from + batchSize);
        const results =
          (await model.logLikelihood?.(
            chunk.map(({ request, item }: RequestGivenItem) => ({
              prompt: prompt(item),
              continuation: request,
            })),
            { signal: call.signal },
          )) ?? [];
        for (const [k] of chunk.entries()) {
          const result = results[k];
          if (!result || !(result.tokens > 0) || !Number.isFinite(result.logLikelihood))
            throw new InvalidInputError({
              expected: 'a finite log-likelihood over at least one token for each request',
              received: result ? `${result.logLikelihood} over ${result.tokens} tokens` : 'none',
              hint: 'The model breaks its contract, or a request is empty.',
            });
          scores[from + k] = result.logLikelihood / result.tokens;
        }
        call.onProgress?.({ phase: 'score requests', done: from + chunk.length, total: pairs.length });
      }
      return scores;
    },
  };
}
