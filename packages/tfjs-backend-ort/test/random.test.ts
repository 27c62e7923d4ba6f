import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import '@tensorflow/tfjs-backend-cpu';
import { randomHashes, randomWords } from '../src/graph/counter-random.js';
import {
  compile,
  dropout,
  dropoutMask,
  multinomial,
  ortBackend,
  randomNormal,
  randomUniform,
  registerOrtBackend,
} from '../src/index.js';

beforeAll(async () => {
  registerOrtBackend({ threads: 2 });
  await tf.setBackend('ort');
});

const seedOf = (...words: number[]): tf.Tensor => tf.tensor1d(words, 'int32');
const draws: Record<string, (seed: tf.Tensor) => tf.Tensor> = {
  uniform: (seed) => randomUniform([50, 41], seed, 3),
  normal: (seed) => randomNormal([50, 41], seed, 3),
  dropout: (seed) => dropoutMask([50, 41], 0.2, seed, 3),
  multinomial: (seed) =>
    multinomial(
      tf.tensor2d([
        [0, 1, 2],
        [4, 0, 0],
      ]),
      200,
      seed,
      3,
    ),
};

describe('random numbers from a seed tensor', () => {
  it.each(Object.keys(draws))('%s: the same to the bit on other backends', async (name) => {
    const draw = draws[name] as (seed: tf.Tensor) => tf.Tensor;
    const onOrt = draw(seedOf(7, -3)).dataSync();
    await tf.setBackend('cpu');
    const onCpu = draw(seedOf(7, -3)).dataSync();
    await tf.setBackend('ort');
    expect(Array.from(onOrt)).toEqual(Array.from(onCpu));
  });

  it('depends on seed and salt, not on the session, and comes back', () => {
    const first = draws.uniform!(seedOf(1, 2)).dataSync();
    expect(Array.from(draws.uniform!(seedOf(1, 3)).dataSync())).not.toEqual(Array.from(first));
    expect(Array.from(randomUniform([50, 41], seedOf(1, 2), 4).dataSync())).not.toEqual(Array.from(first));
    // Another graph around the same draw is another session.
    const inAnother = tf.sub(tf.add(draws.uniform!(seedOf(1, 2)), 1), 1).dataSync();
    inAnother.forEach((each, index) => {
      expect(each).toBeCloseTo(first[index] as number, 5);
    });
  });

  it('comes back in another process with another thread count', () => {
    const script = `
      import * as tf from '@tensorflow/tfjs-core';
      import { registerOrtBackend, randomUniform } from ${JSON.stringify(fileURLToPath(new URL('../src/index.ts', import.meta.url)))};
      registerOrtBackend({ threads: 1 });
      await tf.setBackend('ort');
      console.log(JSON.stringify(Array.from(randomUniform([20], tf.tensor1d([1, 2], 'int32'), 3).dataSync())));`;
    const printed = execFileSync(
      process.execPath,
      ['--conditions=palate-source', '--import=tsx', '--input-type=module', '-e', script],
      { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' },
    );
    expect(JSON.parse(printed)).toEqual(Array.from(randomUniform([20], seedOf(1, 2), 3).dataSync()));
  });

  it('follows the seed without building sessions, lazily and compiled', () => {
    const draw = (seed: tf.Tensor): number[] =>
      tf.tidy(() => Array.from(tf.mul(randomUniform([4], seed, 1), 2).dataSync()));
    const first = draw(seedOf(1));
    const before = ortBackend().statistics().sessionsBuilt;
    expect(draw(seedOf(2))).not.toEqual(first);
    expect(draw(seedOf(1))).toEqual(first);
    expect(ortBackend().statistics().sessionsBuilt).toBe(before);
    const compiled = compile((seed: tf.Tensor) => tf.mul(randomUniform([4], seed, 1), 2));
    for (const seed of [1, 2, 3, 1])
      expect(Array.from(compiled(seedOf(seed)).dataSync())).toEqual(draw(seedOf(seed)));
    expect(compiled.statistics().replayed).toBe(2);
  });

  it('scales what dropout keeps, and drops the same in the gradient', () => {
    const seed = seedOf(5);
    const x = tf.ones([100, 100]);
    const y = dropout(x, 0.25, seed, 1);
    const gradient = tf.grad((input) => tf.sum(dropout(input, 0.25, seed, 1)))(x);
    expect(Array.from(gradient.dataSync())).toEqual(Array.from(y.dataSync()));
    const kept = y.dataSync().filter((each) => each !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.75)]));
    // Binomial: mean 7500, deviation 43; five deviations.
    expect(Math.abs(kept.length - 7500)).toBeLessThan(217);
  });

  it('refuses a seed that is no int32 tensor and a rate of 1', () => {
    expect(() => randomUniform([2], tf.scalar(1), 1)).toThrow(/int32/);
    expect(() => dropout(tf.ones([2]), 1, seedOf(1), 1)).toThrow(/rate/);
  });
});

// Bounds are five deviations of the statistic under independent uniform numbers, so that a sound generator with these
// fixed seeds passes and a broken one does not.
describe('statistics of the generator', () => {
  const count = 1 << 18;
  const cells = 256;
  const chiSquare = (counts: readonly number[], total: number): number => {
    const expected = total / counts.length;
    return counts.reduce((sum, each) => sum + (each - expected) ** 2 / expected, 0);
  };
  const bound = cells - 1 + 5 * Math.sqrt(2 * (cells - 1));

  it.each([[0], [1], [2, 0], [2, 1], [-5, 123456]])(
    'seed %j: upper bits, lower bits, pairs and serial correlation',
    (...seed) => {
      const words = randomWords(count, seed, 1);
      const upper = new Array<number>(cells).fill(0);
      const lower = new Array<number>(cells).fill(0);
      const pairs = new Array<number>(cells).fill(0);
      let serial = 0;
      for (let i = 0; i < count; i++) {
        const word = words[i] as number;
        upper[word >>> 24]!++;
        lower[word & 255]!++;
        if (i === 0) continue;
        const before = words[i - 1] as number;
        if (i % 2 === 1) pairs[(before >>> 28) * 16 + (word >>> 28)]!++;
        serial += (word / 2 ** 32 - 0.5) * (before / 2 ** 32 - 0.5);
      }
      expect(chiSquare(upper, count)).toBeLessThan(bound);
      expect(chiSquare(lower, count)).toBeLessThan(bound);
      expect(chiSquare(pairs, count / 2)).toBeLessThan(bound);
      expect(Math.abs((serial * 12) / Math.sqrt(count))).toBeLessThan(5);
    },
  );

  it('masks of consecutive steps are independent', () => {
    const size = 1 << 14;
    const masks = Array.from({ length: 60 }, (_, step) =>
      Float64Array.from(randomHashes(size, [9, step], 2), (each) => (each / 2 ** 32 < 0.2 ? 0.8 : -0.2)),
    );
    for (let a = 0; a < masks.length; a++)
      for (let b = 0; b < a; b++) {
        let product = 0;
        for (let i = 0; i < size; i++) product += (masks[a]?.[i] as number) * (masks[b]?.[i] as number);
        expect(Math.abs(product / 0.16 / Math.sqrt(size))).toBeLessThan(5);
      }
  });

  it('normal numbers have mean 0, variance 1, kurtosis 3 and tails', () => {
    const values = randomNormal([count], seedOf(11), 1).dataSync<'float32'>();
    const moment = (power: number): number => values.reduce((sum, each) => sum + each ** power, 0) / count;
    expect(Math.abs(moment(1)) * Math.sqrt(count)).toBeLessThan(5);
    expect(Math.abs(moment(2) - 1) * Math.sqrt(count / 2)).toBeLessThan(5);
    expect(Math.abs(moment(4) - 3) * Math.sqrt(count / 96)).toBeLessThan(5);
    // P(|z| > 3) = 0.0027.
    const beyond = values.filter((each) => Math.abs(each) > 3).length;
    expect(Math.abs(beyond - 0.0027 * count)).toBeLessThan(5 * Math.sqrt(0.0027 * count));
  });

  it('multinomial follows the softmax', () => {
    const samples = 20_000;
    const drawn = multinomial(
      tf.tensor2d([[Math.log(1), Math.log(2), Math.log(7)]]),
      samples,
      seedOf(3),
      1,
    ).dataSync();
    [0.1, 0.2, 0.7].forEach((share, index) => {
      const found = drawn.filter((each) => each === index).length;
      expect(Math.abs(found - share * samples)).toBeLessThan(5 * Math.sqrt(share * (1 - share) * samples));
    });
  });
});
