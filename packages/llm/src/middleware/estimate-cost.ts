import type { GenerateRequest, TokenUsage } from '@palate/core';
import { estimateTokens, requestTokens } from '../models/count-tokens.js';
import { add, priced, type Spending, type TokenPrice } from './spending.js';
import { checkCounting, type TokenCounting } from './token-counting.js';

/** Estimated cost of requests. */
export interface CostEstimate {
  readonly requests: number;
  /** Input at one token for four bytes; output at `maxTokens`, hence still on the high side. */
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
  options: TokenCounting & { readonly price?: TokenPrice | undefined } = {},
): CostEstimate {
  const { countTokens, defaultMaxTokens } = checkCounting('estimateCost', options, ['price']);
  let expected: TokenUsage = { inputTokens: 0, outputTokens: 0 };
  let worst = expected;
  for (const request of requests) {
    expected = add(expected, requestTokens(request, options.countTokens ?? estimateTokens, defaultMaxTokens));
    worst = add(worst, requestTokens(request, countTokens, defaultMaxTokens));
  }
  return {
    requests: requests.length,
    expected: priced(expected, options.price),
    worst: priced(worst, options.price),
  };
}
