import { RandomStream } from '@palate/core';
import { selectBackend } from '@palate/nn';
import { beforeAll, describe, expect, test } from 'vitest';
import { ProductCodes } from '../src/items/product-codes.js';

beforeAll(async () => {
  await selectBackend('ort');
});

/** Vectors whose second half repeats the first: parts of them are not independent, until they are turned. */
function correlated(rows: number, width: number): Float32Array {
  const random = new RandomStream(5);
  const half = width / 2;
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < half; k++) {
      // Variances that fall: plain parts share them unevenly.
      const value = (random.normal() * 3) / (k + 1);
      data[row * width + k] = value;
      data[row * width + half + k] = value + 0.05 * random.normal();
    }
  return data;
}

describe('optimised product quantisation', () => {
  const [rows, width] = [400, 8];
  const data = correlated(rows, width);
  const shape = { positions: 4, size: 16 };

  test('turns vectors without bending them, and loses less than product quantisation of vectors as they lie', () => {
    const turned = ProductCodes.fit(data, width, shape);
    const plain = ProductCodes.fit(data, width, { ...shape, turns: false });
    const r = turned.rotation.values;
    for (let i = 0; i < width; i++)
      for (let j = 0; j < width; j++) {
        let inner = 0;
        for (let k = 0; k < width; k++) inner += (r[k * width + i] as number) * (r[k * width + j] as number);
        expect(inner).toBeCloseTo(i === j ? 1 : 0, 3);
      }
    expect(turned.distortion(data, width)).toBeLessThan(0.7 * plain.distortion(data, width));
  });

  test('gives a vector the codes of the centres that are nearest to its parts', () => {
    const codes = ProductCodes.fit(data, width, { ...shape, turns: false });
    const found = codes.codesOf(data, width);
    const part = width / shape.positions;
    for (const row of [0, 7, 399])
      for (let position = 0; position < shape.positions; position++) {
        const distances = Array.from({ length: shape.size }, (_, code) => {
          let sum = 0;
          for (let k = 0; k < part; k++) {
            const centre = codes.centres.values[(position * shape.size + code) * part + k] as number;
            sum += ((data[row * width + position * part + k] as number) - centre) ** 2;
          }
          return sum;
        });
        const own = distances[found.codes[row * shape.positions + position] as number] as number;
        expect(own).toBeCloseTo(Math.min(...distances), 4);
      }
    // Of a width that the parts do not divide, and of fewer vectors than values of a code.
    const few = ProductCodes.fit(data.subarray(0, 5 * 7), 7, { positions: 3, size: 16 });
    expect(few.centres.shape).toEqual([3, 5, 3]);
    expect(few.codesOf(data.subarray(0, 5 * 7), 7).codes).toHaveLength(15);
    expect(() => few.codesOf(data.subarray(0, 4), 4)).toThrow(/width/);
  });
});
