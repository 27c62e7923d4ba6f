import { contentHash, type Dataset } from '@palate/core';
import { ndcgOfLists } from '@palate/eval';
import type { LocalRanker } from './local-ranker.js';
import type { LocalRankerOptions } from './local-ranker-options.js';
import { LENGTHS } from './ranker-model.js';

/** Judges a ranker on held-out items. */
export interface ValidationJudge {
  /** NDCG@10 of a ranking by a weight of the retriever's order. */
  readonly ndcg: (ranker: LocalRanker, weight: number) => Promise<number>;
  /** Hash of the candidates that it ranks. */
  readonly identity: string;
}

/** Makes a judge from the held-out items of the tuned users, whose candidates a retriever gives. */
export async function validationJudge(
  dataset: Dataset,
  validation: NonNullable<LocalRankerOptions['validation']>,
  tuned: Uint8Array,
  retriever: LocalRankerOptions['retriever'],
  signal?: AbortSignal,
): Promise<ValidationJudge> {
  const { log } = dataset;
  const users = Array.from(tuned.keys()).filter(
    (user) => tuned[user] === 1 && validation.history(user).length > 0,
  );
  const queries = users.map((user) => ({ user: log.users.idOf(user), history: log.history(user) }));
  const candidates = await retriever?.retrieve(queries, LENGTHS.candidates, { signal });
  return {
    identity: contentHash(candidates ?? []),
    ndcg: async (ranker, weight) => {
      const lists = candidates
        ? await ranker.rank(queries, candidates, 10, { orderWeight: weight, signal })
        : await ranker.retrieve(queries, 10, { signal });
      return ndcgOfLists(
        lists,
        users.map((user) => validation.history(user)),
        10,
      );
    },
  };
}
