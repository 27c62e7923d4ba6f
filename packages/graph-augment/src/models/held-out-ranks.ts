import type { InteractionLog } from '@palate/core';
import { normalisedGain } from '@palate/eval';

/**
 * HR@10 and NDCG@10 of held-out items against the whole catalogue without the training items of the user; equal scores
 * count against the item. Users without training interactions are left out: their vectors have learned nothing.
 *
 * @param score - row-major scores of all items for users by dense index
 */
export function heldOutRanks(
  training: InteractionLog,
  validation: InteractionLog,
  score: (users: Int32Array) => Float32Array,
): { readonly 'hr@10': number; readonly 'ndcg@10': number } {
  const n = training.items.size;
  const asked = Int32Array.from({ length: training.users.size }, (_, user) => user).filter(
    (user) => validation.history(user).length > 0 && training.history(user).length > 0,
  );
  const block = Math.max(1, Math.min(256, Math.floor(2 ** 23 / n)));
  let [hits, gain, count] = [0, 0, 0];
  for (let from = 0; from < asked.length; from += block) {
    const users = asked.subarray(from, from + block);
    const scores = score(users);
    for (const [k, user] of users.entries()) {
      const row = scores.subarray(k * n, (k + 1) * n);
      const known = new Set(training.history(user));
      for (const item of known) row[item] = Number.NEGATIVE_INFINITY;
      for (const target of new Set(validation.history(user))) {
        if (known.has(target)) continue;
        const own = row[target]!;
        let rank = 0;
        for (let item = 0; item < n; item++) if (row[item]! >= own) rank++;
        count++;
        if (rank <= 10) hits++;
        gain += normalisedGain([rank], [1], 10);
      }
    }
  }
  return { 'hr@10': count === 0 ? 0 : hits / count, 'ndcg@10': count === 0 ? 0 : gain / count };
}
