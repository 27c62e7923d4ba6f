import { checkProvenance, LeakError, trainingOf } from '@palate/core';
import { leaveOneOut, splitByTime, splitRandom } from '@palate/datasets';
import { expect, test } from 'vitest';
import {
  loadBundledMovieTweetings,
  loadColdStartRankings,
  loadRankings,
  loadRatingAnswers,
  loadRatingExamples,
  loadUserKnowledge,
  rankingProvenance,
} from '../src/index.js';

const { log } = await loadBundledMovieTweetings();
const historyOf = (user: string): string[] =>
  Array.from(log.history(log.users.indexOf(user)), (item) => log.items.idOf(item));
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

test('rankings have the figures that were measured independently: NDCG@10 .1292 to .1462, HR@10 .235 to .257', async () => {
  const rankings = await loadRankings();
  expect(new Set(rankings.map(({ user }) => user)).size).toBe(1200);
  const gain = (list: readonly string[], target: string): number => {
    const at = list.indexOf(target);
    return at < 0 || at >= 10 ? 0 : 1 / Math.log2(at + 2);
  };
  const targets = rankings.map(({ user }) => historyOf(user).at(-1) as string);
  const [before, after] = (['retrieved', 'ranking'] as const).map((list) =>
    rankings.map((each, r) => gain(each[list], targets[r] as string)),
  );
  expect(mean(before as number[])).toBeCloseTo(0.1292, 4);
  expect(mean(after as number[])).toBeCloseTo(0.1462, 4);
  expect(mean((before as number[]).map((value) => (value > 0 ? 1 : 0)))).toBeCloseTo(0.235, 3);
  expect(mean((after as number[]).map((value) => (value > 0 ? 1 : 0)))).toBeCloseTo(0.257, 3);
  for (const { user, history, retrieved } of rankings) {
    expect(history).toEqual(historyOf(user).slice(0, -1).slice(-20));
    expect(retrieved).toHaveLength(50);
  }
});

test('what rankings know serves the test of leave-one-out, and is refused in other splits', () => {
  const known = rankingProvenance(log);
  const { test: rows, train } = leaveOneOut(log);
  const { offsets } = log.byUser();
  const positions = Array.from(
    { length: rows.length },
    (_, row) =>
      (offsets[(rows.user[row] as number) + 1] as number) - (offsets[rows.user[row] as number] as number) - 1,
  );
  expect(() =>
    checkProvenance('rankings', known, { rows, positions, training: trainingOf(train) }),
  ).not.toThrow();
  const other = splitRandom(log, { test: 0.1, validation: 0 });
  expect(() =>
    checkProvenance('rankings', known, { rows: other.test, training: trainingOf(other.train) }),
  ).toThrow(LeakError);
});

test('near cold start: keywords are those of the user, what is told was liked, the pool was rated later', async () => {
  const likes = new Map((await loadUserKnowledge()).map((each) => [each.user, each]));
  const records = await loadColdStartRankings();
  expect(records).toHaveLength(200);
  for (const { user, likedItems, likes: told, pool } of records) {
    const known = likes.get(user);
    expect(told).toBe(known?.keywords.join(', '));
    const history = historyOf(user);
    for (const item of likedItems) expect(history.indexOf(item)).toBeLessThan(known?.n ?? 0);
    for (const item of pool) expect(history.indexOf(item)).toBeGreaterThanOrEqual(known?.n ?? 0);
  }
});

test('predicted ratings are of rows in the test part of the split in time: RMSE 1.366 and 1.350', async () => {
  const { test: part } = splitByTime(log, { validation: 0.1, test: 0.1 });
  const ratings = new Map(
    Array.from({ length: part.length }, (_, row) => [
      `${part.users.idOf(part.user[row] as number)} ${part.items.idOf(part.item[row] as number)}`,
      part.rating?.[row] as number,
    ]),
  );
  const answers = await loadRatingAnswers();
  expect(new Set(answers.map(({ user }) => user)).size).toBe(500);
  const rmse = (of: 'zeroShot' | 'threeShot'): number =>
    Math.sqrt(
      mean(answers.map((each) => (each[of] - (ratings.get(`${each.user} ${each.item}`) as number)) ** 2)),
    );
  expect(rmse('zeroShot')).toBeCloseTo(1.366, 3);
  expect(rmse('threeShot')).toBeCloseTo(1.35, 3);
  const asked = new Set(answers.map(({ user, item }) => `${user} ${item}`));
  const examples = await loadRatingExamples();
  expect(examples).toHaveLength(3);
  for (const { user, item, rating } of examples) {
    expect(asked.has(`${user} ${item}`)).toBe(false);
    const row = log.history(log.users.indexOf(user)).indexOf(log.items.indexOf(item));
    expect(row).toBeGreaterThanOrEqual(0);
    expect(rating).toBeGreaterThanOrEqual(0);
  }
});
