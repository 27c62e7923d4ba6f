import { expect, test } from 'vitest';
import { placeValues } from '../src/studies/narrative-places.js';
import { measure, pValues, type Row } from '../src/studies/narrative-values.js';

test('places: NDCG by the grade itself, MAP and MRR from grade 2', () => {
  // Grades 1, 3, 0, 2: ideal order 3, 2, 1, 0.
  const [ndcg, map, mrr] = placeValues([1, 3, 0, 2]);
  const gained = 1 / Math.log2(2) + 3 / Math.log2(3) + 2 / Math.log2(5);
  const ideal = 3 / Math.log2(2) + 2 / Math.log2(3) + 1 / Math.log2(4);
  expect(ndcg).toBeCloseTo(gained / ideal, 10);
  // Relevant at ranks 2 and 4.
  expect(map).toBeCloseTo((1 / 2 + 2 / 4) / 2, 10);
  expect(mrr).toBe(1 / 2);
  expect(placeValues([1, 0]).slice(1)).toEqual([0, 0]);
});

test('a hit is any target in the list, and NDCG counts each target by its rank', async () => {
  const retriever = {
    name: 'fixed',
    items: undefined as never,
    retrieve: async () => [Array.from({ length: 100 }, (_, item) => ({ item, score: -item }))],
  };
  const set = { requests: [{ text: 'x', targets: [1, 50] }], isPersonal: false };
  const { hr10, ndcg10, hr100 } = await measure(retriever, set, {});
  expect([...hr10, ...hr100]).toEqual([1, 1]);
  expect(ndcg10[0]).toBeCloseTo(1 / Math.log2(3) / (1 + 1 / Math.log2(3)), 10);
});

test('p values are paired by request, averaged over seeds, of the rows that have the set', () => {
  const row = (label: string, ...seeds: number[][]): Row => ({
    label,
    values: { set: seeds.map((ndcg10) => ({ ndcg10, hr10: ndcg10, hr100: ndcg10 })) },
  });
  const zeros = Array.from({ length: 30 }, () => 0);
  const ones = zeros.map(() => 1);
  const rows = [
    row('base', zeros),
    row('better', ones, ones),
    row('same', zeros),
    { label: 'other', values: {} },
  ];
  const found = pValues(rows, 'set', 'base');
  expect([...found.keys()].map(({ label }) => label)).toEqual(['better', 'same']);
  expect(found.get(rows[1] as Row)).toBeLessThan(0.01);
  expect(found.get(rows[2] as Row)).toBe(1);
  expect(pValues(rows, 'set', 'nobody').size).toBe(0);
});
