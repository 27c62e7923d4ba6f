import { EmbeddingTable, IdMap, RandomStream } from '@palate/core';
import { describe, expect, it } from 'vitest';
import { reduceVectors } from '../../src/index.js';

const tableOf = (rows: number[][]): EmbeddingTable =>
  new EmbeddingTable(
    new IdMap(rows.map((_, k) => `r${k}`)),
    (rows[0] as number[]).length,
    Float32Array.from(rows.flat()),
  );

describe('reduceVectors', () => {
  it('finds the axis of most variance of points computed by hand', () => {
    // Along (3, 4) / 5 the points lie at -2, 0 and 2; across it at 0.
    const table = tableOf([
      [1 - 1.2, 1 - 1.6],
      [1, 1],
      [1 + 1.2, 1 + 1.6],
    ]);
    const plain = reduceVectors(table, { width: 1, whiten: false });
    expect(Math.abs(plain.data[0] as number)).toBeCloseTo(2, 5);
    expect(plain.data[1]).toBeCloseTo(0, 5);
    expect(plain.data[2]).toBeCloseTo(-(plain.data[0] as number), 5);
    // Variance 8 / 3 becomes 1.
    const white = reduceVectors(table, { width: 1 });
    expect(Math.abs(white.data[0] as number)).toBeCloseTo(2 / Math.sqrt(8 / 3), 5);
  });

  it('gives uncorrelated components of variance 1 that keep distances when all are kept', () => {
    const random = new RandomStream(2);
    const rows = Array.from({ length: 80 }, () => {
      const [a, b, c] = [random.normal(), random.normal(), random.normal()] as const;
      return [3 * a, 3 * a + b, b + 0.3 * c, c, a - c];
    });
    const table = tableOf(rows);
    const { data } = reduceVectors(table, { width: 3 });
    for (let i = 0; i < 3; i++)
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let row = 0; row < 80; row++)
          sum += (data[row * 3 + i] as number) * (data[row * 3 + j] as number);
        expect(sum / 80).toBeCloseTo(i === j ? 1 : 0, 4);
      }
    const turned = reduceVectors(table, { width: 5, whiten: false }).data;
    const distance = (values: ArrayLike<number>, a: number, b: number): number =>
      Math.hypot(
        ...Array.from({ length: 5 }, (_, k) => (values[a * 5 + k] as number) - (values[b * 5 + k] as number)),
      );
    for (let row = 1; row < 80; row++)
      expect(distance(turned, 0, row)).toBeCloseTo(distance(table.data, 0, row), 3);
  });

  it('fits on the ids given alone', () => {
    const table = tableOf([
      [1, 0],
      [-1, 0],
      [0, 50],
    ]);
    const { data } = reduceVectors(table, { width: 1, whiten: false, fitOn: ['r0', 'r1'] });
    expect(Math.abs(data[0] as number)).toBeCloseTo(1, 5);
    expect(data[2]).toBeCloseTo(0, 5);
  });

  it('refuses more components than vectors', () => {
    expect(() => reduceVectors(tableOf([[1, 2]]), { width: 2 })).toThrow(/fewer components/);
  });
});
