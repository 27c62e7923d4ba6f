import { contentHash, type Dataset, type Ranker, type Retriever } from '@palate/core';
import { heldOutQueries, ndcgOfLists } from '@palate/eval';
import type { LocalRankerOptions, LocalRankOptions } from './local-ranker-options.js';
import { LENGTHS } from './ranker-model.js';

/** Weights of the retriever's order that are tried on the validation. */
const ORDER_WEIGHTS = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6];

/** Ranker as a judge asks it: lists without candidates, and candidates ranked by a weight of their order. */
interface JudgedRanker extends Retriever {
  rank(
    queries: Parameters<Ranker['rank']>[0],
    candidates: Parameters<Ranker['rank']>[1],
    k: number,
    options: LocalRankOptions,
  ): ReturnType<Ranker['rank']>;
}

/** Judges a ranker on held-out items. */
export interface ValidationJudge {
  /** NDCG@10 of a ranking by a weight of the retriever's order. */
  readonly ndcg: (ranker: JudgedRanker, weight: number) => Promise<number>;
  /** The weight of the retriever's order that does best; 0 without a retriever. */
  readonly bestOrderWeight: (ranker: JudgedRanker) => Promise<number>;
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
    bestOrderWeight: async (ranker) => {
      let best = { weight: 0, value: Number.NEGATIVE_INFINITY };
      for (const weight of candidates ? ORDER_WEIGHTS : []) {
        const value = await ndcg(ranker, weight);
        if (value > best.value) best = { weight, value };
      }
      return best.weight;
    },
  };
}
