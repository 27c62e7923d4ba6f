import { RandomStream } from '@palate/core';
import * as backend from '@palate/tfjs-backend-ort';
import { describe, expect, test } from 'vitest';
import { ortCompute } from '../../src/compute/ort-compute.js';
import { plainCompute } from '../../src/compute/plain-compute.js';
import { choleskySolve } from '../../src/linear-algebra/cholesky-solve.js';
import { invertSpd, SymmetricPanels } from '../../src/linear-algebra/invert-spd.js';

/** A random symmetric positive definite matrix, as rows. */
function randomSpd(size: number, seed: number): number[][] {
  const random = new RandomStream(seed);
  const a = Array.from({ length: size }, () => Array.from({ length: 24 }, () => random.normal()));
  return a.map((x, i) =>
    a.map((y, j) => x.reduce((sum, value, k) => sum + value * (y[k] as number), 0) + (i === j ? 3 : 0)),
  );
}

describe.each([plainCompute, ortCompute(backend)])(
  'a matrix times its inverse is the identity, $name',
  (compute) => {
    for (const size of [1, 7, 256, 257, 600])
      test(`${size} rows`, async () => {
        const rows = randomSpd(size, size);
        const matrix = new SymmetricPanels(size);
        for (let i = 0; i < size; i++)
          for (let j = 0; j <= i; j++) matrix.add(i, j, (rows[i] as number[])[j] as number);
        await invertSpd(matrix, { compute });
        const random = new RandomStream(1);
        for (let round = 0; round < 40; round++) {
          const [i, j] = [random.integer(size), random.integer(size)];
          let sum = 0;
          for (let k = 0; k < size; k++) sum += ((rows[i] as number[])[k] as number) * matrix.at(k, j);
          expect(Math.abs(sum - (i === j ? 1 : 0))).toBeLessThan(1e-9);
        }
      });
  },
);

test('a matrix that is not positive definite is refused', async () => {
  const matrix = new SymmetricPanels(3);
  matrix.add(0, 0, 1);
  matrix.add(1, 1, -1);
  matrix.add(2, 2, 1);
  await expect(invertSpd(matrix)).rejects.toThrow(/positive definite/);
});

test('the Cholesky solver solves by hand: [[4, 2], [2, 3]] x = [2, 5] gives [-0.5, 2]', () => {
  const b = Float64Array.of(2, 5);
  expect(choleskySolve(Float64Array.of(4, 2, 2, 3), b, 2)).toBe(true);
  expect(b[0]).toBeCloseTo(-0.5, 12);
  expect(b[1]).toBeCloseTo(2, 12);
  expect(choleskySolve(Float64Array.of(1, 2, 2, 1), Float64Array.of(1, 1), 2)).toBe(false);
});
