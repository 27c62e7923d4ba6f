import { expect, test } from 'vitest';
import { readList } from '../../src/structured/read-list.js';
import { numberOf } from '../../src/structured/read-number.js';

test.each([
  'heist, dark comedy, 1970s',
  'Tags: heist, dark comedy, 1970s.',
  '- heist\n- dark comedy\n- 1970s',
  '1. heist\n2. dark comedy\n3. 1970s',
  '[1] heist\n[2] dark comedy\n[3] 1970s',
  '**Tags:** heist, dark comedy, 1970s',
  'Sure! Here are the tags:\nheist; dark comedy; "1970s"',
  'Here are 3 tags for this film:\n\n* heist\n* dark comedy\n* 1970s',
  '["heist", "dark comedy", "1970s"]',
  '```json\n{"tags": ["heist", "dark comedy", "1970s"]}\n```',
])('entries of %j', (text) => {
  expect(readList(text)).toEqual(['heist', 'dark comedy', '1970s']);
});

test('words that also open announcements stay', () => {
  expect(readList('great acting, heist, noir')).toEqual(['great acting', 'heist', 'noir']);
  expect(readList('sure-footed, ok pacing')).toEqual(['sure-footed', 'ok pacing']);
});

test('lines may be asked for whole, as titles hold commas', () => {
  expect(readList('1. Good, the Bad and the Ugly, The (1966)\n2. 12 Monkeys', { lines: true })).toEqual([
    'Good, the Bad and the Ugly, The (1966)',
    '12 Monkeys',
  ]);
});

test.each<[string, number | undefined]>([
  ['4', 4],
  ['.5', 0.5],
  ['3,5', 3.5],
  ['3½', 3.5],
  ['3 1/2', 3.5],
  ['four', 4],
  ['Four and a half', 4.5],
  ['#3', 3],
  ['3.', 3],
  ['1,000', 1000],
  ['4/5', undefined],
  ['4 or 5', undefined],
  ['12 Monkeys', undefined],
  ['', undefined],
])('%j as a number is %j', (text, number) => {
  expect(numberOf(text)).toBe(number);
});
