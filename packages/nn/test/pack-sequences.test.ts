// Facts about sequences one behind another in rows: each once, none over an edge, none sees another.
import { RandomStream } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import {
  crossEntropyAmong,
  packedCausalMask,
  packedShape,
  packSequences,
  selectBackend,
} from '../src/index.js';

beforeAll(() => selectBackend());

test('every sequence lies in one batch, within one row, beside no other', () => {
  const random = new RandomStream(5);
  const lengths = Int32Array.from({ length: 700 }, () =>
    Math.min(50, random.integer(30) + random.integer(30)),
  );
  const shape = packedShape(lengths, 64);
  expect(shape.length).toBe(Math.max(...lengths));
  const batches = packSequences(lengths, shape, new RandomStream(1));
  const seen: number[] = [];
  for (const { sequences, starts } of batches) {
    const taken = new Uint8Array(shape.rows * shape.length);
    for (const [k, sequence] of sequences.entries()) {
      const from = starts[k] as number;
      const last = from + (lengths[sequence] as number) - 1;
      expect(Math.floor(from / shape.length)).toBe(Math.floor(last / shape.length));
      for (let at = from; at <= last; at++) {
        expect(taken[at]).toBe(0);
        taken[at] = 1;
      }
      seen.push(sequence);
    }
    expect(sequences.length).toBeLessThanOrEqual(shape.most);
  }
  expect(seen.sort((a, b) => a - b)).toEqual(
    [...lengths.keys()].filter((sequence) => (lengths[sequence] as number) > 0),
  );
  // Nearly full, but for the batch of what is left in the end.
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  expect(batches.length).toBeLessThanOrEqual(1 + Math.ceil(tokens / (0.97 * shape.rows * shape.length)));
});

test('the mask of packed rows lets a position see earlier ones of its own sequence alone', () => {
  const mask = packedCausalMask(tf.tensor2d([[1, 1, 2, 0]], [1, 4], 'int32'));
  const open = Array.from(mask.dataSync(), (value) => (value === 0 ? 1 : 0));
  expect(mask.shape).toEqual([1, 1, 4, 4]);
  expect(open).toEqual([1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
});

test('rows of a group compete among the same classes wherever they lie, in blocks of whatever size', () => {
  const random = new RandomStream(2);
  const drawn = (rows: number): tf.Tensor2D =>
    tf.tensor2d(
      Float32Array.from({ length: rows * 3 }, () => random.normal()),
      [rows, 3],
    );
  const [x, table] = [drawn(4), drawn(5)];
  const excluded = tf.tensor2d([1, 0, 1, 0, 0, 0, 0, 0, 1, 1], [2, 5]);
  const targets = [0, 1, 4, 2];
  const loss = (order: number[], groups?: number[]): number => {
    const rows = tf.tensor1d(order, 'int32');
    return crossEntropyAmong(
      tf.gather(x, rows),
      table,
      tf.gather(tf.tensor1d(targets, 'int32'), rows),
      tf.ones([4]),
      excluded,
      { groupOf: groups && tf.tensor1d(groups, 'int32'), blockRows: 2 },
    ).dataSync()[0] as number;
  };
  const inOrder = loss([0, 1, 2, 3]);
  expect(loss([3, 0, 2, 1], [1, 0, 1, 0])).toBeCloseTo(inOrder, 5);
  expect(Math.abs(loss([3, 0, 2, 1], [0, 0, 1, 1]) - inOrder)).toBeGreaterThan(1e-3);
});
