import {
  defineOptions,
  type GenerateRequest,
  type LanguageModel,
  type LikelihoodRequest,
  type OptionsOf,
  option,
  type TokenUsage,
} from '@palate/core';
import { requestTokens } from '../models/count-tokens.js';
import { ModelCallError } from '../models/model-error.js';
import { inTurn, languageModel, type StreamingLanguageModel, singleCalls } from '../models/single-calls.js';
import { Budget } from './budget.js';
import { TOKEN_COUNTING } from './token-counting.js';

/**
 * Tokens that an answer says it used; where that is no count (NaN, infinite, negative), what it may have used at
 * worst.
 */
function checkedUsage(used: TokenUsage, worst: TokenUsage): TokenUsage {
  const checked = (name: keyof TokenUsage): number =>
    Number.isFinite(used[name]) && used[name] >= 0 ? used[name] : worst[name];
  return { inputTokens: checked('inputTokens'), outputTokens: checked('outputTokens') };
}

/** Options of {@link withBudget}. */
export const WITH_BUDGET = defineOptions(
  'withBudget',
  {
    budget: option
      .value<Budget>('a Budget', (value) => value instanceof Budget)
      .required({ doc: 'the budget of the calls; may be shared among models' }),
    ...TOKEN_COUNTING.declarations,
  },
  [],
);

/** Options of {@link withBudget}; {@link WITH_BUDGET} says what each does. */
export type WithBudgetOptions = OptionsOf<typeof WITH_BUDGET.declarations>;

/**
 * Makes only calls that the budget can bear at worst: the bound of input tokens and `maxTokens` are reserved
 * before a call, and what its answer used is booked after it. A call that failed is booked in full unless it
 * is sure that nothing was generated; requests that a call sends again in another form are reckoned like the first.
 * Put it inside `withRetry`, so that repeated calls are reckoned too.
 */
export function withBudget(model: LanguageModel, options: WithBudgetOptions): StreamingLanguageModel {
  const { budget, countTokens, defaultMaxTokens } = WITH_BUDGET.settings(options);
  const calls = singleCalls(model);
  const { logLikelihood } = calls;

  async function within<T>(
    worst: TokenUsage,
    signal: AbortSignal | undefined,
    work: (further: (failed: unknown) => Promise<void>) => Promise<T>,
    used: (result: T) => TokenUsage,
  ): Promise<T> {
    const nothing: TokenUsage = { inputTokens: 0, outputTokens: 0 };
    const isFree = (error: unknown): boolean => error instanceof ModelCallError && error.isUnbilled;
    let settle = await budget.reserve(worst, signal);
    let booked = worst;
    try {
      const result = await work(async (failed) => {
        settle(isFree(failed) ? nothing : worst);
        // Until there is another reservation there is nothing to settle.
        settle = () => undefined;
        settle = await budget.reserve(worst, signal);
      });
      booked = checkedUsage(used(result), worst);
      return result;
    } catch (error) {
      if (isFree(error)) booked = nothing;
      throw error;
    } finally {
      settle(booked);
    }
  }

  return languageModel({
    ...calls,
    generate(request: GenerateRequest, how) {
      const bounded = { ...request, maxTokens: request.maxTokens ?? defaultMaxTokens };
      const worst = requestTokens(bounded, countTokens, defaultMaxTokens);
      return within(
        worst,
        how.signal,
        (further) => calls.generate(bounded, { ...how, beforeFurther: inTurn(further, how) }),
        (result) => result.usage,
      );
    },
    ...(logLikelihood && {
      logLikelihood(request: LikelihoodRequest, how) {
        // The answer tells the continuation's tokens alone: the bound is what gets booked.
        const worst = { inputTokens: countTokens(request.prompt + request.continuation), outputTokens: 1 };
        return within(
          worst,
          how.signal,
          (further) => logLikelihood.call(calls, request, { ...how, beforeFurther: inTurn(further, how) }),
          () => worst,
        );
      },
    }),
  });
}
