import { type CatalogueScorer, IdMap, listsFromScores, type Query, RandomStream } from '@palate/core';
import { expect, test } from 'vitest';
import { RequestFusion } from '../../src/index.js';
import { chooseWeight, groupOf, groupsBy, sureness } from '../../src/retrieval/choose-weight.js';

const ITEMS = 20;
const items = new IdMap(Array.from({ length: ITEMS }, (_, k) => `i${k}`));

/** A scorer by any rule for a query's user, whose id is a number. */
const scorer = (name: string, rule: (user: number, item: number) => number): CatalogueScorer => {
  const own: CatalogueScorer = {
    name,
    items,
    scoreAll: async (queries) =>
      Float32Array.from(
        queries.flatMap(({ user }) => Array.from({ length: ITEMS }, (_, item) => rule(Number(user), item))),
      ),
    retrieve: (queries, k, options = {}) => listsFromScores(own, queries, k, options),
  };
  return own;
};
/** Each user's right item is the one of their number; the history knows only that low numbers are popular. */
const history = scorer('history', (_, item) => -item);
/** Requests of even users point at the right item; those of odd users at a wrong one, and hardly at that. */
const request = scorer('request', (user, item) =>
  user % 2 === 0 ? (item === user % ITEMS ? 1 : 0) : ((item * 7 + user) % ITEMS) / ITEMS,
);
const queries: Query[] = Array.from({ length: 80 }, (_, k) => ({ user: String(k), text: 'something' }));
const targets = queries.map((_, k) => [k % ITEMS]);

test('requests count where they stand out and helped, and not at all where they did not', async () => {
  const fusion = await RequestFusion.fit(history, request, { queries, targets });
  expect(fusion.weights).toHaveLength(2);
  expect(fusion.weights[0]).toBe(0);
  expect(fusion.weights[1]).toBeGreaterThan(0);
  const scores = await fusion.scoreAll([
    { user: '18', text: 'something' },
    { user: '7', text: 'something' },
    { user: '18' },
  ]);
  const alone = await history.scoreAll([{ user: '7' }]);
  const best = scores.subarray(0, ITEMS).indexOf(Math.max(...scores.subarray(0, ITEMS)));
  expect(best).toBe(18);
  // The unsure request and the query without one are answered by the history, score for score.
  expect(scores.subarray(ITEMS, 2 * ITEMS)).toEqual(alone);
  expect(scores.subarray(2 * ITEMS)).toEqual(alone);
});

test('a request that knows nothing gets no weight', async () => {
  const random = new RandomStream(0);
  const table = (): Float32Array => Float32Array.from({ length: 80 * ITEMS }, () => random.uniform());
  const [first, second] = [table(), table()];
  const at = (drawn: Float32Array, user: number, item: number): number =>
    drawn[user * ITEMS + item] as number;
  // The history has the right item above most others.
  const knowing = scorer(
    'knowing',
    (user, item) => at(first, user, item) + (item === user % ITEMS ? 0.5 : 0),
  );
  const noise = scorer('noise', (user, item) => at(second, user, item));
  const fusion = await RequestFusion.fit(knowing, noise, { queries, targets });
  expect(fusion.weights).toEqual([0, 0]);
  expect(await fusion.scoreAll(queries.slice(0, 3))).toEqual(await knowing.scoreAll(queries.slice(0, 3)));
});

test('what a query may not get back takes no place in the lists that weights are chosen by', async () => {
  const past = (user: number): number => (user + 1) % ITEMS;
  const own = scorer('own', (user, item) => (item === past(user) ? 2 : item === user % ITEMS ? 1 : 0));
  const asked = scorer('asked', (user, item) => (item === user % ITEMS ? 1 : 0));
  // The history's right item is the second; without the item that the user had it is the first, and nothing is to be gained.
  const open = await RequestFusion.fit(own, asked, { queries, targets });
  expect(Math.max(...open.weights)).toBeGreaterThan(0);
  for (const field of ['history', 'exclude'] as const) {
    const told = queries.map((query, k) => ({ ...query, [field]: [past(k)] }));
    expect((await RequestFusion.fit(own, asked, { queries: told, targets })).weights).toEqual([0, 0]);
  }
});

test('what does not fit is refused', async () => {
  await expect(RequestFusion.fit(history, request, { queries, targets: [] })).rejects.toThrow(/80 queries/);
  const other = { ...request, items: new IdMap(['a', 'b']) };
  await expect(RequestFusion.fit(history, other, { queries, targets })).rejects.toThrow(/same items/);
});

test('a weight has to be better by some standard errors', () => {
  // Gains of weight 1: .3, .1, .3, .1: mean .2, standard error .0577.
  const values = [0.3, 0.1, 0.3, 0.1].map((gain) => [0, gain]);
  expect(chooseWeight([0, 1], values, 3)).toBe(1);
  expect(chooseWeight([0, 1], values, 4)).toBe(0);
  expect(chooseWeight([0, 1], values.slice(0, 1), 0)).toBe(0);
});

test('rows are grouped by how far their best score stands out', () => {
  // Mean 1, deviation sqrt(3).
  expect(sureness(Float32Array.of(4, 0, 0, 0))).toBeCloseTo(Math.sqrt(3), 6);
  expect(sureness(Float32Array.of(2, 2))).toBe(0);
  const bounds = groupsBy([5, 1, 3, 2], 2);
  expect(bounds).toEqual([3]);
  expect([1, 2, 3, 5].map((value) => groupOf(value, bounds))).toEqual([0, 0, 1, 1]);
});
