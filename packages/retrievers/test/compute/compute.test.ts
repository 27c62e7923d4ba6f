import { RandomStream } from '@palate/core';
import * as backend from '@palate/tfjs-backend-ort';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseCompute } from '../../src/compute/choose-compute.js';
import { rowsPerCall } from '../../src/compute/matrix-compute.js';
import { ortCompute } from '../../src/compute/ort-compute.js';
import { defaultCompute, type MatrixCompute, plainCompute } from '../../src/index.js';

const computes: readonly MatrixCompute[] = [plainCompute, ortCompute(backend)];

const floats = (random: RandomStream, length: number): Float32Array =>
  Float32Array.from({ length }, () => random.normal());

/** The product's entry by its definition. */
const inner = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number, k: number): number => {
  let sum = 0;
  for (let p = 0; p < k; p++) sum += (a[i * k + p] as number) * (b[j * k + p] as number);
  return sum;
};

const shapes = fc.record({
  m: fc.integer({ min: 1, max: 150 }),
  n: fc.integer({ min: 1, max: 90 }),
  k: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat(),
});

describe.each(computes.map((compute) => [compute.name, compute] as const))('%s compute', (_, compute) => {
  test('gives products by their definition, for any extents', () => {
    fc.assert(
      fc.property(shapes, ({ m, n, k, seed }) => {
        const random = new RandomStream(seed);
        const [a, b] = [floats(random, m * k), floats(random, n * k)];
        const product = compute.products(a, b, k);
        expect(product).toHaveLength(m * n);
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++)
            expect(Math.abs((product[i * n + j] as number) - inner(a, i, b, j, k))).toBeLessThan(1e-4);
      }),
      { numRuns: 15 },
    );
  });

  test('subtracts and multiplies in double precision', () => {
    fc.assert(
      fc.property(shapes, ({ m, n, k, seed }) => {
        const random = new RandomStream(seed);
        const [a, b, c] = [m * k, n * k, m * n].map((size) => Float64Array.from(floats(random, size)));
        const turned = new Float64Array(n * k);
        for (let j = 0; j < n; j++)
          for (let p = 0; p < k; p++) turned[p * n + j] = (b as Float64Array)[j * k + p] as number;
        const doubles = compute.doubles(1);
        const product = doubles.multiply(a as Float64Array, turned, m, n, k);
        const before = (c as Float64Array).slice();
        const rest = doubles.subtract(c as Float64Array, a as Float64Array, b as Float64Array, m, n, k);
        doubles.dispose();
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) {
            const exact = inner(a as Float64Array, i, b as Float64Array, j, k);
            expect(Math.abs((product[i * n + j] as number) - exact)).toBeLessThan(1e-11);
            expect(
              Math.abs((rest[i * n + j] as number) - ((before[i * n + j] as number) - exact)),
            ).toBeLessThan(1e-11);
          }
      }),
      { numRuns: 10 },
    );
  });

  test('finds the nearest that are not skipped, equal ones by lower position, and no more than there are', () => {
    const vectors = Float32Array.of(1, 0, 0, 1, 1, 0, -1, 0, 1, 0);
    const nearest = (k: number, skip?: Uint8Array) =>
      compute.nearest(Float32Array.of(2, 0, 0, 3), vectors, 2, k, skip);
    const positions = (lists: readonly { readonly item: number }[][]) =>
      lists.map((list) => list.map(({ item }) => item));
    expect(positions(nearest(3))).toEqual([
      [0, 2, 4],
      [1, 0, 2],
    ]);
    expect(nearest(1)[1]).toEqual([{ item: 1, score: 3 }]);
    expect(positions(nearest(9, Uint8Array.of(1, 0, 0, 0, 1)))).toEqual([
      [2, 1, 3],
      [1, 2, 3],
    ]);
    expect(nearest(2, Uint8Array.of(1, 1, 1, 1, 1))).toEqual([[], []]);
  });
});

test('a row of the plain compute has the same products, to the last bit, alone and among others', () => {
  const random = new RandomStream(4);
  const [m, n, k] = [133, 70, 33];
  const [a, b] = [floats(random, m * k), floats(random, n * k)];
  const together = plainCompute.products(a, b, k);
  for (let row = 0; row < m; row++)
    expect(plainCompute.products(a.subarray(row * k, (row + 1) * k), b, k)).toEqual(
      together.slice(row * n, (row + 1) * n),
    );
});

test('a call holds no more than it should, and never nothing', () => {
  expect(rowsPerCall({ ...plainCompute, callSize: 1000 }, 2, 250)).toBe(2);
  expect(rowsPerCall(plainCompute, 10 ** 9, 4096)).toBe(1);
  // Narrow vectors: what limits is the memory of the products.
  expect(rowsPerCall(plainCompute, 1000, 1) * 1000).toBeLessThanOrEqual(plainCompute.callSize / 128);
});

describe('what computes where nobody says', () => {
  test('is ONNX Runtime where its package is installed, in the build that runs here', async () => {
    expect((await defaultCompute()).name).toBe(backend.ortRuntime().runtime);
  });

  test('is TypeScript without a word where the package is not installed', async () => {
    const reasons: string[] = [];
    const absent = Object.assign(
      new Error("Cannot find package '@palate/tfjs-backend-ort' imported from /app/retriever.js"),
      { code: 'ERR_MODULE_NOT_FOUND' },
    );
    const compute = await chooseCompute(
      () => Promise.reject(absent),
      (reason) => reasons.push(reason),
    );
    expect(compute).toBe(plainCompute);
    expect(reasons).toEqual([]);
  });

  test.each([
    ['its library does not load', new Error('libonnxruntime.so: cannot open shared object file')],
    [
      'something it needs is missing',
      Object.assign(
        new Error("Cannot find package '@tensorflow/tfjs-core' imported from /app/tfjs-backend-ort/index.js"),
        { code: 'ERR_MODULE_NOT_FOUND' },
      ),
    ],
  ])('is TypeScript, and says why, where it is installed but %s', async (_, error) => {
    const reasons: string[] = [];
    const compute = await chooseCompute(
      () => Promise.reject(error),
      (reason) => reasons.push(reason),
    );
    expect(compute).toBe(plainCompute);
    expect(reasons.join()).toContain(error.message);
  });
});
