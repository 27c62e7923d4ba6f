import { contentHash, type Dataset } from '@palate/core';
import { heldOutQueries, ndcgOfLists } from '@palate/eval';
import type { LocalRankerOptions } from './local-ranker-options.js';
import { bestOrderWeight, type ValidationJudge } from './order-weights.js';
import { LENGTHS } from './ranker-model.js';

/** Makes a judge from the held-out items of the tuned users, whose candidates a retriever gives. */
export async function validationJudge(
  dataset: Dataset,
  validation: NonNullable<LocalRankerOptions['validation']>,
  tuned: Uint8Array,
  retriever: LocalRankerOptions['retriever'],
  signal?: AbortSignal,
): Promise<ValidationJudge> {
  const { queries, targets } = heldOutQueries(dataset.log, validation, (user) => tuned[user] === 1);
  const candidates = await retriever?.retrieve(queries, LENGTHS.candidates, { signal });
  const ndcg: ValidationJudge['ndcg'] = async (ranker, weight) => {
    const lists = candidates
      ? await ranker.rank(queries, candidates, 10, { orderWeight: weight, signal })
      : await ranker.retrieve(queries, 10, { signal });
    return ndcgOfLists(lists, targets, 10);
  };
  return {
    identity: contentHash(candidates ?? []),
    ndcg,
    bestOrderWeight: async (ranker) => (candidates ? bestOrderWeight((weight) => ndcg(ranker, weight)) : 0),
  };
}
