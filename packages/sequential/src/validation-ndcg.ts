import { type HeldOutQueries, normalisedGain } from '@palate/eval';
import { type HistoryScoring, readHistories, scoreHistories } from './encode-histories.js';

/**
 * NDCG@10 of held-out items after training histories, ranked against the whole catalogue without the history; equal
 * scores count against the item.
 */
export function validationNdcg(
  { queries, targets }: HeldOutQueries,
  scoring: HistoryScoring,
  signal?: AbortSignal,
): number {
  const histories = readHistories(queries, scoring);
  let sum = 0;
  let users = 0;
  const block = Math.max(256, Math.floor(2 ** 26 / scoring.itemCount));
  for (let from = 0; from < histories.length; from += block) {
    const chunk = histories.slice(from, from + block);
    const scores = scoreHistories(chunk, scoring, signal);
    for (const [k, { items: history }] of chunk.entries()) {
      const row = scores.subarray(k * scoring.itemCount, (k + 1) * scoring.itemCount);
      for (let i = 0; i < history.length; i++) row[history[i]!] = Number.NEGATIVE_INFINITY;
      for (const target of targets[from + k] ?? []) {
        const own = row[target]!;
        let rank = 0;
        for (let item = 0; item < row.length; item++) if (row[item]! >= own) rank++;
        users++;
        if (own > Number.NEGATIVE_INFINITY) sum += normalisedGain([rank], [1], 10);
      }
    }
  }
  return users === 0 ? 0 : sum / users;
}
