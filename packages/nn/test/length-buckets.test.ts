import { RandomStream } from '@palate/core';
import { expect, test } from 'vitest';
import { batchByLength, bucketLengths } from '../src/index.js';
import { bucketOf } from '../src/length-buckets.js';

test('buckets hold every length, and batches hold every row once', () => {
  const buckets = bucketLengths(50);
  expect(buckets.at(-1)).toBe(50);
  for (let length = 1; length <= 50; length++)
    expect(bucketOf(length, buckets)).toBeGreaterThanOrEqual(length);
  const random = new RandomStream(2);
  const lengths = Int32Array.from({ length: 300 }, () => random.integer(51));
  const batches = batchByLength(lengths, 16, buckets, new RandomStream(1));
  const rows = batches.flatMap((batch) => [...batch.rows]);
  expect(rows.sort((a, b) => a - b)).toEqual(
    Array.from(lengths.keys()).filter((row) => (lengths[row] as number) > 0),
  );
  for (const { length, rows: own } of batches)
    for (const row of own) expect(lengths[row]).toBeLessThanOrEqual(length);
});
