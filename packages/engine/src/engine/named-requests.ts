import { InvalidInputError } from '@palate/core';
import type { NamedRequest } from './answer-requests.js';
import { checkRequest, MOST_ITEMS } from './check-request.js';
import type { RankRequest, RecommendRequest } from './request.js';

/**
 * Requests for recommendations, checked, with the words by which errors name them.
 *
 * @throws InvalidInputError naming the request that cannot be used
 */
export function namedRecommendations(requests: readonly RecommendRequest[]): NamedRequest[] {
  const whole = requests.length === 1;
  return requests.map((request, r) => {
    const where = whole ? 'the recommend request' : `requests[${r}]`;
    checkRequest('recommend', request, where);
    return { request, where, isRanking: false };
  });
}

/**
 * A request to order items, checked, as one for recommendations among them.
 *
 * @throws InvalidInputError if it cannot be used, or names no candidates
 */
export function namedRanking(request: RankRequest): NamedRequest {
  const where = 'the rank request';
  checkRequest('rank', request, where);
  const { candidates, k = Math.min(MOST_ITEMS, Math.max(1, new Set(candidates).size)), ...rest } = request;
  if (candidates === undefined)
    throw new InvalidInputError({
      expected: `candidates in ${where}`,
      received: 'none',
      hint: 'Pass the ids to rank, or ask for recommendations.',
    });
  return { request: { ...rest, candidates, k, diversity: 0 }, where, isRanking: true };
}
