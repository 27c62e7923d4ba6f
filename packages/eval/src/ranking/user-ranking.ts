import type { ScoredItem } from '@palate/core';
import { type Ranking, rankRelevant } from '../metrics/rank-counting.js';
import type { Targets } from './test-queries.js';

/** A target with its rank. */
export interface RankedTarget {
  /** In the logs' indexes. */
  readonly item: number;
  /** From 1; `Infinity` if it was not found. */
  readonly rank: number;
  readonly gain: number;
  /**
   * Chance that the target stands above another item, ties one half; 0 for a target out of the ranking, NaN where
   * there is no other item.
   */
  readonly auc: number;
}

/** The targets of a user, best first, under both rules for equal scores. */
export interface UserRanking {
  readonly pessimistic: readonly RankedTarget[];
  readonly optimistic: readonly RankedTarget[];
}

/**
 * Ranks the targets of a user in scores of the catalogue.
 *
 * @param scores - one an item of the retriever; `-Infinity` for what is out of the ranking
 */
export function rankInScores(scores: Float32Array, targets: Targets): UserRanking {
  const known = [...targets.items.keys()].filter((t) => targets.own[t]! >= 0);
  const ranking = rankRelevant(
    scores,
    known.map((t) => targets.own[t]!),
    known.map((t) => targets.gains[t]!),
  );
  return joined(ranking, known, targets, ranking.others);
}

/**
 * Ranks the targets of a user in a list as it was delivered: an entry counts at its position, whatever is wrong with
 * those before it, and neighbours of one score are equal.
 *
 * @param list - best first
 * @param isGood - for each entry whether it can stand for a target
 * @param others - items beside the targets that could have been ranked
 */
export function rankInList(
  list: readonly ScoredItem[],
  isGood: readonly boolean[],
  targets: Targets,
  others: number,
): UserRanking {
  const at = new Map<number, number>();
  // Falling numbers instead of the scores, so that only the order and equality of neighbours count.
  const levels = new Float64Array(isGood.length);
  let level = 0;
  for (const [position, good] of isGood.entries()) {
    const { item, score } = list[position] as ScoredItem;
    if (position > 0 && score !== list[position - 1]?.score) level--;
    levels[position] = level;
    if (good) at.set(item, position);
  }
  const found = [...targets.items.keys()].filter((t) => at.has(targets.own[t]!));
  const ranking = rankRelevant(
    levels,
    found.map((t) => at.get(targets.own[t]!) as number),
    found.map((t) => targets.gains[t]!),
  );
  return joined(ranking, found, targets, others);
}

/** Joins ranked targets with those that are in no ranking, which come last. */
function joined(ranking: Ranking, ranked: readonly number[], targets: Targets, others: number): UserRanking {
  const isRanked = new Set(ranked);
  const lost = targets.items
    .map((_, t) => t)
    .filter((t) => !isRanked.has(t))
    .map((t) => ({
      item: targets.items[t]!,
      rank: Number.POSITIVE_INFINITY,
      gain: targets.gains[t]!,
      auc: others === 0 ? Number.NaN : 0,
    }));
  const side = (ranks: Float64Array, order: Int32Array): RankedTarget[] => [
    ...Array.from(ranks, (rank, i) => {
      const t = ranked[order[i]!]!;
      const below = others - ranking.above[i]! - ranking.equal[i]! / 2;
      return {
        item: targets.items[t]!,
        rank,
        gain: targets.gains[t]!,
        auc: others === 0 ? Number.NaN : Number.isFinite(rank) ? Math.max(0, below / others) : 0,
      };
    }),
    ...lost,
  ];
  return {
    pessimistic: side(ranking.ranks, ranking.order),
    optimistic: side(ranking.optimisticRanks, ranking.optimisticOrder),
  };
}
