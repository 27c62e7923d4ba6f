import { byScore, type Query, type ScoredItem } from '@palate/core';
import type { ScoreRequest } from './score-request.js';

/**
 * A query with candidates as a request. Ratings of the history say what was liked where the model knows from which rating
 * on; all of it was clicked otherwise.
 */
export function requestOf(
  { user, history, historyRatings }: Query,
  candidates: readonly ScoredItem[],
  above: number | undefined,
): ScoreRequest {
  return {
    user,
    history,
    liked:
      above !== undefined && historyRatings
        ? Array.from(historyRatings, (rating) => (rating > above ? 1 : 0))
        : undefined,
    candidates: candidates.map(({ item }) => item),
  };
}

/** The best `k` candidates by their scores; equal scores are ordered by item index. */
export function bestOf(candidates: ArrayLike<number>, scores: Float32Array, k: number): ScoredItem[] {
  return Array.from(scores, (score, at): ScoredItem => ({ item: candidates[at] as number, score }))
    .sort(byScore)
    .slice(0, k);
}
