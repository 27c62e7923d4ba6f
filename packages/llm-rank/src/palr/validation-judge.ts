import type { Dataset } from '@palate/core';
import { ndcgOfLists } from '@palate/eval';
import type { LocalRanker } from './local-ranker.js';
import type { LocalRankerOptions } from './local-ranker-options.js';
import { LENGTHS } from './ranker-model.js';

/** NDCG@10 on held-out items of the tuned users, of a ranking by a weight of the retriever's order. */
export async function validationJudge(
  dataset: Dataset,
  validation: NonNullable<LocalRankerOptions['validation']>,
  tuned: Uint8Array,
  retriever: LocalRankerOptions['retriever'],
  signal?: AbortSignal,
): Promise<(ranker: LocalRanker, weight: number) => Promise<number>> {
  const { log } = dataset;
  const users = Array.from(tuned.keys()).filter(
    (user) => tuned[user] === 1 && validation.history(user).length > 0,
  );
  const queries = users.map((user) => ({ user: log.users.idOf(user), history: log.history(user) }));
  const shared = signal ? { signal } : {};
  const candidates = retriever ? await retriever.retrieve(queries, LENGTHS.candidates, shared) : undefined;
  return async (ranker, weight) => {
    const lists = candidates
      ? await ranker.rank(queries, candidates, 10, { orderWeight: weight, ...shared })
      : await ranker.retrieve(queries, 10, shared);
    return ndcgOfLists(
      lists,
      users.map((user) => validation.history(user)),
      10,
    );
  };
}
