import { distinctHistory, type Query, throwIfCancelled } from '@palate/core';
import type { FrozenGraphs } from '@palate/nn';
import { type HistoryScoring, scoreQueries } from './encode-histories.js';
import { longestHistory, scoringGraph } from './export-scoring.js';

/** Length up to which histories go through a short graph; others through one of the longest that is read. */
const SHORT = 16;

/**
 * Scores the catalogue for queries from a model that does not change any more: few of them in a session that holds its
 * weights, many as {@link scoreQueries} does.
 *
 * @returns row-major, the favourites for a query without a history
 */
export function serveQueries(
  queries: readonly Query[],
  scoring: HistoryScoring,
  graphs: FrozenGraphs,
  signal?: AbortSignal,
): Float32Array {
  if (!graphs.serves(queries.length)) return scoreQueries(queries, scoring, signal);
  const { favourites, itemCount, name } = scoring;
  for (const query of queries) distinctHistory(query, itemCount);
  throwIfCancelled(signal, name);
  const longest = longestHistory(scoring);
  const needed = queries.reduce((most, { history }) => Math.max(most, history?.length ?? 0), 0);
  const positions = needed <= SHORT ? Math.min(SHORT, longest) : longest;
  const items = new Int32Array(queries.length * positions).fill(-1);
  for (const [row, { history = [] }] of queries.entries()) {
    const taken = Math.min(positions, history.length);
    for (let k = 0; k < taken; k++)
      items[(row + 1) * positions - taken + k] = history[history.length - taken + k] as number;
  }
  const { scores } = graphs.run(`${positions} positions`, scoringGraph(scoring, positions), { items });
  const rows = scores as Float32Array;
  for (const [row, { history }] of queries.entries())
    if (!history?.length) rows.set(favourites.scores, row * itemCount);
  return rows;
}
