import {
  loadBundledMovieTweetings,
  loadColdStartRankings,
  loadRankings,
  loadRatingAnswers,
} from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { LlmRanker, LlmRater, takeRows } from '@palate/llm-rank';
import { expect, test } from 'vitest';
import { answersInOrder } from '../src/studies/answers-in-order.js';
import { bundledStudy } from '../src/studies/near-cold-start.js';
import { fusedScores, recordedScores } from '../src/studies/near-cold-start-answers.js';
import { recordedLists, valuesOf } from '../src/studies/palr-answers.js';
import { bundledRatingTask } from '../src/studies/ratings.js';
import { recordedRows, withFeature } from '../src/studies/ratings-answers.js';

const dataset = await loadBundledMovieTweetings();

test('recorded rankings come through the product’s prompt and reader as they were recorded', async () => {
  const records = (await loadRankings()).slice(0, 40);
  const split = leaveOneOut(dataset.log);
  const { lists, counts } = await recordedLists(
    split,
    records,
    (answers) => new LlmRanker({ model: answersInOrder(answers), catalog: dataset.catalog, order: 'given' }),
  );
  expect(lists.map((list) => list.map((item) => dataset.log.items.idOf(item)))).toEqual(
    records.map(({ ranking }) => ranking),
  );
  expect(counts).toMatchObject({ answered: 40, failed: 0, invented: 0, repeated: 0, filled: 0 });
});

test('one right film counts 1 / log2(rank + 1) among ten', () => {
  expect(valuesOf([4, 7, 9], 9)).toEqual({ ndcg: 0.5, hit: 1 });
  expect(valuesOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 11)).toEqual({ ndcg: 0, hit: 0 });
});

test('recorded orders of pools belong to the first users of the study, and another study is refused', async () => {
  const records = await loadColdStartRankings();
  const users = (await bundledStudy(dataset)).slice(0, records.length);
  const scores = recordedScores(dataset, users, records, 'items');
  const [first] = users;
  const best = scores[0]?.indexOf(0) ?? -1;
  expect(dataset.log.items.idOf(first?.pool[best]?.item ?? -1)).toBe(records[0]?.ranking.items[0]);
  expect(() => recordedScores(dataset, users.slice(1), records, 'items')).toThrow(
    /recorded order of the pool/,
  );
});

test('two orders are fused by reciprocal ranks', () => {
  // Ranks 1, 2, 3 and 2, 3, 1: sums of 1 / (60 + rank).
  const [fused] = fusedScores([[3, 2, 1]], [[2, 1, 3]]);
  expect(fused?.[0]).toBeCloseTo(1 / 61 + 1 / 62, 12);
  expect(fused?.[1]).toBeCloseTo(1 / 62 + 1 / 63, 12);
  expect(fused?.[2]).toBeCloseTo(1 / 63 + 1 / 61, 12);
});

test('recorded ratings are of rows of the study, through the product’s prompt and reader', async () => {
  const { task, test: rows } = bundledRatingTask(dataset);
  const records = await loadRatingAnswers();
  const asked = takeRows(rows, recordedRows(dataset, rows, records));
  const model = answersInOrder(records.map(({ zeroShot }) => String(zeroShot)));
  const rater = new LlmRater(task, { model });
  const predictions = await rater.predict(asked);
  for (const [row, { zeroShot }] of records.entries()) expect(predictions[row]).toBeCloseTo(zeroShot, 5);
  expect(rater.counts).toEqual({ asked: 500, failed: 0 });
  const [one] = records;
  expect(() => recordedRows(dataset, rows, one ? [{ ...one, history: [] }] : [])).toThrow(/another history/);
});

test('a feature is used as far as it helps on rows that were not fitted', () => {
  const first = Array.from({ length: 60 }, (_, row) => row % 7);
  const second = Array.from({ length: 60 }, (_, row) => (row * row) % 5);
  const truth = first.map((value, row) => 1 + 0.5 * value + 0.25 * (second[row] as number));
  for (const [row, value] of withFeature(first, second, truth).entries())
    expect(value).toBeCloseTo(truth[row] as number, 6);
  // A column twice is one column.
  const once = withFeature(
    first,
    first,
    first.map((value) => 2 + 0.5 * value),
  );
  for (const [row, value] of once.entries()) expect(value).toBeCloseTo(2 + 0.5 * (first[row] as number), 6);
});
