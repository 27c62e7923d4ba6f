import { contentHash, type IdMap, InvalidInputError, type Query, type ScoredItem } from '@palate/core';
import { ndcgOfLists } from '@palate/eval';
import type { InstructionSample } from './instruction-data.js';
import { bestOrderWeight, type ValidationJudge } from './order-weights.js';
import { LENGTHS } from './ranker-model.js';
import type { TaughtRanking } from './taught-ranking.js';

/**
 * Rankings as training samples.
 *
 * @throws InvalidInputError naming the first ranking of an unknown user, of items out of range, or of items that are not
 *   among its candidates
 */
export function taughtSamples(
  rankings: readonly TaughtRanking[],
  users: IdMap,
  items: number,
): InstructionSample[] {
  return rankings.map(({ user, history, candidates, ranking }, k) => {
    const refuse = (expected: string, received: string): InvalidInputError =>
      new InvalidInputError({
        expected: `${expected} in ranking ${k}`,
        received,
        hint: 'Give rankings of the data that the ranker is fitted on, with dense item indexes.',
      });
    const index = users.find(user);
    if (index === undefined) throw refuse('a user of the data', JSON.stringify(user));
    for (const item of [...Array.from(history), ...candidates])
      if (!(Number.isInteger(item) && item >= 0 && item < items))
        throw refuse(`items from 0 to ${items - 1}`, String(item));
    const shown = candidates.slice(0, LENGTHS.candidates);
    if (new Set(shown).size < shown.length) throw refuse('different candidates', 'one twice');
    const chosen = ranking.filter((item) => shown.includes(item));
    if (
      chosen.length === 0 ||
      new Set(ranking).size < ranking.length ||
      ranking.some((item) => !candidates.includes(item))
    )
      throw refuse('a ranking of different items, all among the candidates', JSON.stringify(ranking));
    return {
      task: 'recommend-retrieval',
      user: index,
      history: Array.from(history).slice(-LENGTHS.history),
      candidates: shown,
      labels: chosen.slice(0, LENGTHS.labels),
    };
  });
}

/** Every tenth of the rankings is kept to stop by, and to choose the weight of the retriever's order by. */
export const isKept = (_: unknown, k: number): boolean => k % 10 === 9;

/** Judges a ranker by how near its lists are to those of the model that it learns from, NDCG@10 of what it chose. */
export function teacherJudge(rankings: readonly TaughtRanking[]): ValidationJudge {
  const queries = rankings.map(({ user, history }): Query => ({ user, history }));
  const candidates = rankings.map((each) =>
    each.candidates.map((item, at): ScoredItem => ({ item, score: -at })),
  );
  const ndcg: ValidationJudge['ndcg'] = async (ranker, orderWeight) =>
    ndcgOfLists(
      await ranker.rank(queries, candidates, 10, { orderWeight }),
      rankings.map(({ ranking }) => ranking),
      10,
    );
  return {
    identity: contentHash(rankings.map((each) => [each.user, each.candidates, each.ranking])),
    ndcg,
    bestOrderWeight: (ranker) => bestOrderWeight((weight) => ndcg(ranker, weight)),
  };
}
