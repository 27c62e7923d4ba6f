import type { Ranker, Retriever } from '@palate/core';
import type { LocalRankOptions } from './local-ranker-options.js';

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

/** The weight of the retriever's order that does best, the lowest among equals. */
export async function bestOrderWeight(measure: (weight: number) => Promise<number>): Promise<number> {
  let best = { weight: 0, value: Number.NEGATIVE_INFINITY };
  for (const weight of ORDER_WEIGHTS) {
    const value = await measure(weight);
    if (value > best.value) best = { weight, value };
  }
  return best.weight;
}
