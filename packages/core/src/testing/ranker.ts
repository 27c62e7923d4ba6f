import assert from 'node:assert/strict';
import type { Query, Ranker, ScoredItem } from '../recommend/retriever.js';
import type { ConformanceCase } from './conformance.js';
import { refuses } from './refuses.js';

/** Arguments of {@link rankerConformance}. */
export interface RankerConformanceOptions {
  /** Makes the ranker under test; it is asked about the items 0 to 9. */
  readonly create: () => Promise<Ranker>;
}

/** The contract of `Ranker` as a list of cases to run: lists are orderings of what was given, nothing else. */
export function rankerConformance(options: RankerConformanceOptions): ConformanceCase[] {
  const queries: Query[] = [{ history: [0, 1] }, { history: [2] }, {}, { history: [5, 4, 1], user: 'u' }];
  const given: ScoredItem[][] = [
    [9, 8, 7, 6].map((item, rank) => ({ item, score: 4 - rank })),
    [{ item: 3, score: 1 }],
    [],
    [3, 9, 0, 7, 2, 8].map((item, rank) => ({ item, score: 6 - rank })),
  ];
  let made: Promise<Ranker> | undefined;
  const subject = (): Promise<Ranker> => {
    made ??= options.create();
    return made;
  };
  return [
    {
      name: 'returns the best min(k, candidates) of the given candidates',
      run: async () => {
        const ranker = await subject();
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
      name: 'answers a query the same way alone, in a batch and at another position in it',
      run: async () => {
        const ranker = await subject();
        const together = await ranker.rank(queries, given, 4);
        const backwards = await ranker.rank(queries.toReversed(), given.toReversed(), 4);
        for (const [q, query] of queries.entries()) {
          const [alone = []] = await ranker.rank([query], [given[q] as ScoredItem[]], 4);
          const elsewhere = backwards.at(-1 - q) ?? [];
          for (const list of [together[q] ?? [], elsewhere]) {
            assert.deepEqual(
              list.map(({ item }) => item),
              alone.map(({ item }) => item),
              `the order of list ${q}`,
            );
            for (const [rank, { score }] of list.entries()) {
              const single = alone[rank]?.score as number;
              assert.ok(
                Math.abs(score - single) <= 1e-5 * Math.max(1, Math.abs(single)),
                `score ${rank} of list ${q}: ${score} and ${single}`,
              );
            }
          }
        }
      },
    },
    {
      name: 'leaves the given candidates as they were',
      run: async () => {
        const ranker = await subject();
        const before = structuredClone(given);
        await ranker.rank(queries, given, 2);
        assert.deepEqual(given, before);
      },
    },
    {
      name: 'refuses what is no request before any work, and answers the next one as before',
      run: async () => {
        const ranker = await subject();
        const before = await ranker.rank(queries, given, 3);
        const [first = []] = given;
        const rest = given.slice(1);
        const [best] = first as [ScoredItem];
        const wrong: Record<string, () => Promise<unknown>> = {
          'an unknown option': () => ranker.rank(queries, given, 3, { nonesuch: 1 } as object),
          'a k of 0': () => ranker.rank(queries, given, 0),
          'a broken k': () => ranker.rank(queries, given, 1.5),
          'too few lists': () => ranker.rank(queries, rest, 3),
          'an item below 0': () => ranker.rank(queries, [[{ item: -1, score: 1 }], ...rest], 3),
          'an item beyond the catalogue': () =>
            ranker.rank(queries, [[{ item: 2 ** 30, score: 1 }], ...rest], 3),
          'an item twice': () => ranker.rank(queries, [[...first, best], ...rest], 3),
          'a score that is no number': () =>
            ranker.rank(queries, [[{ ...best, score: Number.NaN }], ...rest], 3),
          'a history beyond the catalogue': () =>
            ranker.rank([{ history: [2 ** 30] }, ...queries.slice(1)], given, 3),
        };
        for (const [what, call] of Object.entries(wrong)) await refuses(call, 'invalid-input', what);
        await refuses(() => ranker.rank(queries, given, 3, { signal: AbortSignal.abort() }), 'cancelled');
        const after = await ranker.rank(queries, given, 3);
        assert.deepEqual(
          after.map((list) => list.map(({ item }) => item)),
          before.map((list) => list.map(({ item }) => item)),
        );
      },
    },
  ];
}
