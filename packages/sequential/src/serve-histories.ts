import { distinctHistory, type Query, throwIfCancelled } from '@palate/core';
import type { FrozenGraphs } from '@palate/nn';
import { type HistoryScoring, type ReadHistory, readHistories, scoreHistories } from './encode-histories.js';
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
  const histories = readHistories(queries, scoring);
  const scores = graphs.serves(histories.length)
    ? scoresOfFew(histories, scoring, graphs, signal)
    : scoreHistories(histories, scoring, signal);
  for (const [row, { items }] of histories.entries())
    if (items.length === 0) scores.set(favourites.scores, row * itemCount);
  return scores;
}

/** As {@link scoreHistories}, in a session that holds the weights. */
function scoresOfFew(
  histories: readonly ReadHistory[],
  scoring: HistoryScoring,
  graphs: FrozenGraphs,
  signal?: AbortSignal,
): Float32Array {
  throwIfCancelled(signal, scoring.name);
  const longest = longestHistory(scoring);
  const needed = histories.reduce((most, { items }) => Math.max(most, items.length), 0);
  const positions = needed <= SHORT ? Math.min(SHORT, longest) : longest;
  const items = new Int32Array(histories.length * positions).fill(-1);
  const gaps = new Int32Array(scoring.timeGaps ? items.length : 0);
  for (const [row, { items: history, gaps: before }] of histories.entries()) {
    const taken = Math.min(positions, history.length);
    const start = (row + 1) * positions - taken;
    for (let k = 0; k < taken; k++) items[start + k] = history[history.length - taken + k] as number;
    if (before) gaps.set(before.subarray(before.length - taken), start);
  }
  const { scores } = graphs.run(
    `${positions} positions`,
    scoringGraph(scoring, positions),
    scoring.timeGaps ? { items, gaps } : { items },
  );
  return scores as Float32Array;
}
