import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../src/index.js';

test('the stream is xoshiro128** seeded by SplitMix32 (values of golden/random.py)', () => {
  const draw = (seed: number): number[] => {
    const random = new RandomStream(seed);
    return [random.uint32(), random.uint32(), random.uint32(), random.uint32()];
  };
  expect(draw(0)).toEqual([1789933344, 44971166, 2521387044, 3848737593]);
  expect(draw(42)).toEqual([660444221, 3652823732, 77672526, 910233633]);
  expect(draw(2 ** 40 + 7)).toEqual([2450198291, 3307601385, 175884347, 4200341199]);
});

test('forks differ by name, repeat by name and do not advance their parent', () => {
  const first = new RandomStream(5);
  const second = new RandomStream(5);
  const a = first.fork('a');
  expect(first.uint32()).toBe(second.uint32());
  expect(second.fork('a').uint32()).toBe(a.uint32());
  expect(second.fork('b').uint32()).not.toBe(second.fork('a').uint32());
  expect(new RandomStream(6).fork('a').uint32()).not.toBe(second.fork('a').uint32());
});

test('uniform draws have the moments of the uniform distribution, normal ones of the normal', () => {
  const random = new RandomStream(11);
  const n = 200_000;
  const moments = (draw: () => number): { mean: number; variance: number } => {
    let sum = 0;
    let square = 0;
    for (let k = 0; k < n; k++) {
      const value = draw();
      sum += value;
      square += value * value;
    }
    return { mean: sum / n, variance: square / n - (sum / n) ** 2 };
  };
  const uniform = moments(() => random.uniform());
  // Five standard errors: sqrt(1/12/n) is 6.5e-4.
  expect(Math.abs(uniform.mean - 0.5)).toBeLessThan(3.3e-3);
  expect(Math.abs(uniform.variance - 1 / 12)).toBeLessThan(1e-3);
  const normal = moments(() => random.normal());
  expect(Math.abs(normal.mean)).toBeLessThan(0.012);
  expect(Math.abs(normal.variance - 1)).toBeLessThan(0.016);
});

test('bounded draws cover their range evenly (chi-square with 6 degrees of freedom, p above 0.001)', () => {
  const random = new RandomStream(3);
  const counts = new Array<number>(7).fill(0);
  for (let k = 0; k < 70_000; k++) counts[random.integer(7)]! += 1;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  expect(chiSquare).toBeLessThan(22.46);
});

test('shuffles are permutations and samples are distinct numbers in range', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.integer({ min: 0, max: 60 }), fc.nat(60), (seed, bound, extra) => {
      const random = new RandomStream(seed);
      const order = random.shuffle(Int32Array.from({ length: bound }, (_, k) => k));
      expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: bound }, (_, k) => k));
      const count = Math.min(bound, extra);
      const sample = random.sample(bound, count);
      expect(new Set(sample).size).toBe(count);
      for (const value of sample) expect(value >= 0 && value < bound).toBe(true);
    }),
  );
  expect(() => new RandomStream(1).sample(3, 4)).toThrow(/count/);
  expect(() => new RandomStream(-1)).toThrow(/seed/);
  expect(() => new RandomStream(1).integer(0)).toThrow(/bound/);
});
