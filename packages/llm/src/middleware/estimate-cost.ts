import { defineOptions, type GenerateRequest, type OptionsOf, type TokenUsage } from '@palate/core';
import { estimateTokens, requestTokens } from '../models/count-tokens.js';
import { add, priced, type Spending, TOKEN_PRICE } from './spending.js';
import { TOKEN_COUNTING } from './token-counting.js';

/** Options of {@link estimateCost}. */
export const ESTIMATE_COST = defineOptions(
  'estimateCost',
  {
    ...TOKEN_COUNTING.declarations,
    price: TOKEN_PRICE.optional({ doc: 'price of tokens; without it only tokens are counted' }),
  },
  [],
);

/** Options of {@link estimateCost}; {@link ESTIMATE_COST} says what each does. */
export type EstimateCostOptions = OptionsOf<typeof ESTIMATE_COST.declarations>;

/** Estimated cost of requests. */
export interface CostEstimate {
  readonly requests: number;
  /** Input at one token per four bytes; output at `maxTokens`, hence still on the high side. */
  readonly expected: Spending;
  /** Bound that they cannot exceed. */
  readonly worst: Spending;
}

/**
 * Reckons what requests would cost, without making a call: the dry run before a job. Leave out those that a
 * cache holds (`AnswerCache.has`).
 */
export function estimateCost(
  requests: readonly GenerateRequest[],
  options: EstimateCostOptions = {},
): CostEstimate {
  const { countTokens, defaultMaxTokens, price } = ESTIMATE_COST.settings(options);
  let expected: TokenUsage = { inputTokens: 0, outputTokens: 0 };
  let worst = expected;
  for (const request of requests) {
    expected = add(expected, requestTokens(request, options.countTokens ?? estimateTokens, defaultMaxTokens));
    worst = add(worst, requestTokens(request, countTokens, defaultMaxTokens));
  }
  return {
    requests: requests.length,
    expected: priced(expected, price),
    worst: priced(worst, price),
  };
}
