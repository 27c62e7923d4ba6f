import { distinctHistory, type Query, throwIfCancelled } from '@palate/core';
import type { FrozenGraphs } from '@palate/nn';
import { type HistoryScoring, scoreHistories } from './encode-histories.js';
import { longestHistory, scoringGraph } from './export-scoring.js';

/** Length up to which histories go through a short graph; others through one of the longest that is read. */
const SHORT = 16;

/**
 * Scores the catalogue for queries, checked, from a model that does not change any more: few of them in a session that
 * holds its weights, many as {@link scoreHistories} does.
 *
 * @returns row-major, the favourites for a query without a history
 */
export function serveQueries(
  queries: readonly Query[],
  scoring: HistoryScoring,
  graphs: FrozenGraphs,
  signal?: AbortSignal,
): Float32Array {
  const { itemCount, favourites } = scoring;
  for (const query of queries) distinctHistory(query, itemCount);
  const histories = queries.map(({ history }) => history ?? []);
  const scores = graphs.serves(histories.length)
    ? scoresOfFew(histories, scoring, graphs, signal)
    : scoreHistories(histories, scoring, signal);
  for (const [row, { length }] of histories.entries())
    if (length === 0) scores.set(favourites.scores, row * itemCount);
  return scores;
}

/** As {@link scoreHistories}, in a session that holds the weights. */
function scoresOfFew(
  histories: readonly ArrayLike<number>[],
  scoring: HistoryScoring,
  graphs: FrozenGraphs,
  signal?: AbortSignal,
): Float32Array {
  throwIfCancelled(signal, scoring.name);
  const longest = longestHistory(scoring);
  const needed = histories.reduce((most, { length }) => Math.max(most, length), 0);
  const positions = needed <= SHORT ? Math.min(SHORT, longest) : longest;
  const items = new Int32Array(histories.length * positions).fill(-1);
  for (const [row, history] of histories.entries()) {
    const taken = Math.min(positions, history.length);
    for (let k = 0; k < taken; k++)
      items[(row + 1) * positions - taken + k] = history[history.length - taken + k] as number;
  }
  const { scores } = graphs.run(`${positions} positions`, scoringGraph(scoring, positions), { items });
  return scores as Float32Array;
}
