import { type CatalogueScorer, InteractionLog, noteWithheld } from '@palate/core';
import { describe, expect, test } from 'vitest';
import { evaluateRanking, rankingReport } from '../src/index.js';

// Three users with a, b, c in turn: a is training, b validation, c the test; cid has no validation item.
const log = InteractionLog.fromRows([
  { user: 'ann', item: 'a', timestamp: 1 },
  { user: 'ann', item: 'b', timestamp: 2 },
  { user: 'ann', item: 'c', timestamp: 3 },
  { user: 'bob', item: 'b', timestamp: 1 },
  { user: 'bob', item: 'c', timestamp: 2 },
  { user: 'bob', item: 'a', timestamp: 3 },
  { user: 'cid', item: 'a', timestamp: 1 },
  { user: 'cid', item: 'b', timestamp: 3 },
]);
const train = log.select(Int32Array.of(0, 3, 6));
const validation = log.select(Int32Array.of(1, 4));
const known = log.select(Int32Array.of(0, 1, 3, 4, 6));
const held = log.select(Int32Array.of(2, 5, 7));
noteWithheld(train, validation);

const scorer: CatalogueScorer = {
  name: 's',
  items: log.items,
  retrieve: async () => [],
  scoreAll: async (queries) => Float32Array.from({ length: queries.length * 3 }, (_, k) => k % 3),
};
const run = (history: InteractionLog, test: InteractionLog) =>
  evaluateRanking(scorer, { history, test }, { metrics: ['hr@1'], resamples: 0 });

describe('a history that lacks the newest known item', () => {
  test('is told with the number of users, in the result and below the table', async () => {
    const result = await run(train, held);
    expect(result.warnings).toEqual([
      expect.stringMatching(
        /^2 of 3 test users have a history without their newest known interaction.*split\.known/,
      ),
    ]);
    expect(rankingReport('x', [result]).notes.join()).toContain('Warning: s: 2 of 3 test users');
  });
  test('is told of a part of the training part too', async () => {
    const all = Int32Array.from(train.user.keys());
    expect((await run(train.select(all), held)).warnings).toHaveLength(1);
    expect((await run(train.select(all.filter((row) => train.user[row] === 0)), held)).warnings).toEqual([
      expect.stringMatching(/^2 of 3 test users/),
    ]);
  });
  test('is not told where nothing is missing: all that is known, or a test on the validation part itself', async () => {
    expect((await run(known, held)).warnings).toEqual([]);
    expect((await run(train, validation)).warnings).toEqual([]);
  });
  test('is not told of what happened after the test', async () => {
    // The validation rows lie after this test: nobody could have known them.
    const early = log.select(Int32Array.of(6));
    const before = log.select(Int32Array.of(3));
    noteWithheld(before, log.select(Int32Array.of(7)));
    expect((await run(before, early)).warnings).toEqual([]);
  });
});
