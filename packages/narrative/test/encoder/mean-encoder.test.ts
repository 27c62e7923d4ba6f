import { selectBackend } from '@palate/nn';
import { beforeAll, expect, test } from 'vitest';
import { MeanEncoder, windowsOf } from '../../src/encoder/mean-encoder.js';
import { tinyParts } from './tiny-parts.js';

beforeAll(async () => {
  await selectBackend();
});

test('windows hold all tokens in order, of like length', () => {
  const ids = Int32Array.from({ length: 10 }, (_, k) => k);
  expect(windowsOf(ids, 4).map((own) => [...own])).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ]);
  expect(windowsOf(ids, 10)).toHaveLength(1);
  expect(windowsOf(new Int32Array(0), 4).map(({ length }) => length)).toEqual([0]);
});

test('the mean of a long text is that of its windows by their tokens, whatever batch it is in', async () => {
  const parts = { ...tinyParts(), maxTokens: 4 };
  const encoder = new MeanEncoder(parts, 7, undefined);
  const [first, second, both] = ['one two three four', 'five six seven', 'one two three four five six seven'];
  const { means, lengths, truncated } = await encoder.counted([
    first,
    second,
    both,
    `${both} eight`,
    '',
  ] as string[]);
  expect(lengths).toEqual([4, 3, 7, 7, 0]);
  expect(truncated).toBe(1);
  const row = (at: number) => means.subarray(at * parts.width, (at + 1) * parts.width);
  for (let k = 0; k < parts.width; k++) {
    const expected = (4 * (row(0)[k] as number) + 3 * (row(1)[k] as number)) / 7;
    expect(row(2)[k]).toBeCloseTo(expected, 5);
    expect(row(3)[k]).toBeCloseTo(expected, 5);
  }
  const alone = await encoder.means([both as string]);
  for (const [k, value] of alone.means.entries()) expect(row(2)[k]).toBeCloseTo(value, 5);
  await encoder.close();
});
