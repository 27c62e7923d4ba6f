import assert from 'node:assert/strict';
import type { Query, Ranker, ScoredItem } from '../retriever.js';
import type { ConformanceCase } from './conformance.js';

/** Arguments of {@link rankerConformance}. */
export interface RankerConformanceOptions {
  /** Makes the ranker under test; it is asked about the items 0 to 9. */
  readonly create: () => Promise<Ranker>;
}

/** The contract of `Ranker` as a list of cases to run: lists are orderings of what was given, nothing else. */
export function rankerConformance(options: RankerConformanceOptions): ConformanceCase[] {
  const queries: Query[] = [{ history: [0, 1] }, { history: [2] }, {}];
  const given: ScoredItem[][] = [
    [9, 8, 7, 6].map((item, rank) => ({ item, score: 4 - rank })),
    [{ item: 3, score: 1 }],
    [],
  ];
  return [
    {
      name: 'returns the best min(k, candidates) of the given candidates',
      run: async () => {
        const ranker = await options.create();
        for (const k of [1, 3, 20]) {
          const lists = await ranker.rank(queries, given, k);
          assert.equal(lists.length, queries.length);
          for (const [q, list] of lists.entries()) {
            const candidates = new Set(given[q]?.map((entry) => entry.item));
            assert.equal(list.length, Math.min(k, candidates.size));
            assert.equal(new Set(list.map((entry) => entry.item)).size, list.length);
            for (const [rank, entry] of list.entries()) {
              assert.ok(candidates.has(entry.item));
              assert.ok(Number.isFinite(entry.score));
              assert.ok(rank === 0 || (list[rank - 1] as ScoredItem).score >= entry.score);
            }
          }
        }
      },
    },
    {
      name: 'leaves the given candidates as they were',
      run: async () => {
        const ranker = await options.create();
        const before = structuredClone(given);
        await ranker.rank(queries, given, 2);
        assert.deepEqual(given, before);
      },
    },
  ];
}
