import { RandomStream } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  Adafactor,
  Adagrad,
  AdamW,
  clipByGlobalNorm,
  constantSchedule,
  cosineSchedule,
  inverseSquareRootSchedule,
  type Optimiser,
  optionsSchedule,
  Parameters,
  selectBackend,
} from '../src/index.js';

beforeAll(async () => {
  await selectBackend('ort');
});

/** Three steps on one weight vector with gradients that are given. */
function follow(
  optimiser: Optimiser,
  start: number[],
  gradients: number[][],
  rate: number,
  shape = [start.length],
): number[] {
  const parameters = new Parameters();
  parameters.add('w', shape, () => Float32Array.from(start), new RandomStream(0));
  for (const [k, gradient] of gradients.entries())
    tf.tidy(() => {
      const scalars = Object.fromEntries(
        Object.entries(optimiser.scalars(k + 1, rate)).map(([name, value]) => [name, tf.scalar(value)]),
      );
      optimiser.apply(parameters, { w: tf.tensor(gradient, shape) }, scalars);
    });
  const result = Array.from(parameters.get('w').dataSync());
  parameters.dispose();
  optimiser.dispose();
  return result;
}

const START = [1, -2, 0.5];
const GRADIENTS = [
  [0.1, -0.3, 0],
  [0.2, 0.4, -0.5],
  [-0.1, 0.2, 0.3],
];

test('AdamW follows its definition step by step (Loshchilov and Hutter 2019, algorithm 2)', () => {
  const [rate, b1, b2, epsilon, decay] = [0.01, 0.9, 0.999, 1e-8, 0.1];
  const w = [...START];
  const m = [0, 0, 0];
  const v = [0, 0, 0];
  for (const [k, gradient] of GRADIENTS.entries())
    for (const [i, g] of gradient.entries()) {
      m[i] = b1 * (m[i] as number) + (1 - b1) * g;
      v[i] = b2 * (v[i] as number) + (1 - b2) * g * g;
      const corrected = (m[i] as number) / (1 - b1 ** (k + 1));
      const root = Math.sqrt((v[i] as number) / (1 - b2 ** (k + 1)));
      w[i] = (w[i] as number) * (1 - rate * decay) - (rate * corrected) / (root + epsilon);
    }
  const actual = follow(new AdamW({ weightDecay: decay }), START, GRADIENTS, rate);
  for (const [i, value] of w.entries()) expect(actual[i]).toBeCloseTo(value, 5);
});

test('AdamW goes on from the means that earlier versions saved, as from its own state', async () => {
  const [b1, b2] = [0.8, 0.99];
  // The means after a first step, by their definition.
  const [gradient = []] = GRADIENTS;
  const means = {
    'first.w': { shape: [3], values: Float32Array.from(gradient, (g) => (1 - b1) * g) },
    'second.w': { shape: [3], values: Float32Array.from(gradient, (g) => (1 - b2) * g * g) },
  };
  const weights = async (restored: boolean): Promise<number[]> => {
    using parameters = new Parameters();
    parameters.add('w', [3], () => Float32Array.from(START), new RandomStream(0));
    const optimiser = new AdamW({ beta1: b1, beta2: b2, weightDecay: 0 });
    if (restored) optimiser.restore(parameters, means);
    for (const step of restored ? [2] : [1, 2])
      tf.tidy(() => {
        // A first step of no length: only the state remembers it.
        const scalars = Object.entries(optimiser.scalars(step, step === 1 ? 0 : 0.1));
        const given = Object.fromEntries(scalars.map(([name, value]) => [name, tf.scalar(value)]));
        optimiser.apply(parameters, { w: tf.tensor1d(GRADIENTS[step - 1] as number[]) }, given);
      });
    const numbers = Array.from(await parameters.get('w').data());
    optimiser.dispose();
    return numbers;
  };
  const expected = await weights(false);
  for (const [k, value] of (await weights(true)).entries())
    expect(value).toBeCloseTo(expected[k] as number, 5);
});

test('Adagrad follows its definition', () => {
  const w = [...START];
  const sums = [0, 0, 0];
  for (const gradient of GRADIENTS)
    for (const [i, g] of gradient.entries()) {
      sums[i] = (sums[i] as number) + g * g;
      w[i] = (w[i] as number) - (0.1 * g) / (Math.sqrt(sums[i] as number) + 1e-10);
    }
  const actual = follow(new Adagrad(), START, GRADIENTS, 0.1);
  for (const [i, value] of w.entries()) expect(actual[i]).toBeCloseTo(value, 5);
});

test('Adafactor takes a factored step on a matrix: by hand for the first one', () => {
  // At step 1 the decay is 0, so the factors are the means of the squared gradient itself.
  const gradient = [0.3, -0.1, 0.2, 0.4];
  const squares = gradient.map((g) => g * g);
  const rows = [
    ((squares[0] as number) + (squares[1] as number)) / 2,
    ((squares[2] as number) + (squares[3] as number)) / 2,
  ];
  const columns = [
    ((squares[0] as number) + (squares[2] as number)) / 2,
    ((squares[1] as number) + (squares[3] as number)) / 2,
  ];
  const mean = ((rows[0] as number) + (rows[1] as number)) / 2;
  const update = gradient.map(
    (g, k) => g / Math.sqrt(((rows[k >> 1] as number) / mean) * (columns[k & 1] as number)),
  );
  const rms = Math.sqrt(update.reduce((sum, u) => sum + u * u, 0) / 4);
  const expected = update.map((u) => 1 - (0.1 * u) / Math.max(1, rms));
  const actual = follow(new Adafactor(), [1, 1, 1, 1], [gradient], 0.1, [2, 2]);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
});

test('Adafactor with rates scaled by the parameters steps as in HuggingFace', () => {
  // transformers 5.18.0 on PyTorch 2.13: Adafactor(scale_parameter=True, relative_step=False, warmup_init=False).
  const optimiser = (): Adafactor => new Adafactor({ scaleByParameter: true });
  const matrix = follow(
    optimiser(),
    [0.5, -1, 2, 0.25, -0.75, 1.5],
    [
      [0.1, 0.2, -0.3, 0.4, 0.5, -0.6],
      [1, -0.1, 0.2, 0.3, -0.4, 0.5],
      [0.3, 0.3, 0.1, -0.2, 0.05, 0.6],
    ],
    0.1,
    [3, 2],
  );
  const ofMatrix = [0.149675, -1.184962, 1.997345, 0.082139, -0.797073, 1.31164];
  for (const [i, value] of ofMatrix.entries()) expect(matrix[i]).toBeCloseTo(value, 5);
  const vector = follow(
    optimiser(),
    [0.1, -0.2],
    [
      [0.7, -0.8],
      [-0.1, 0.2],
      [0.4, 0.4],
    ],
    0.1,
  );
  for (const [i, value] of [0.073809, -0.201522].entries()) expect(vector[i]).toBeCloseTo(value, 5);
});

test('clipping scales all gradients to one joint norm, and leaves small ones alone', () => {
  tf.tidy(() => {
    const clipped = clipByGlobalNorm({ a: tf.tensor1d([3]), b: tf.tensor1d([4]) }, 1);
    expect(clipped.a?.dataSync()[0]).toBeCloseTo(0.6, 6);
    expect(clipped.b?.dataSync()[0]).toBeCloseTo(0.8, 6);
    expect(clipByGlobalNorm({ a: tf.tensor1d([0.3]) }, 1).a?.dataSync()[0]).toBeCloseTo(0.3, 6);
  });
});

describe('schedules by hand', () => {
  test('constant', () => expect(constantSchedule(0.3)(77)).toBe(0.3));
  test('cosine: linear warm-up, half way down in the middle, the final rate at the end', () => {
    const rate = cosineSchedule(1, 110, { warmUp: 10, final: 0.2 });
    expect(
      [rate(5), rate(10), rate(60), rate(110), rate(500)].map((each) => Number(each.toFixed(6))),
    ).toEqual([0.5, 1, 0.6, 0.2, 0.2]);
  });
  test('inverse square root: held or warmed up, then falling', () => {
    expect([1, 100, 400].map(inverseSquareRootSchedule(0.01, 100, 'constant'))).toEqual([0.01, 0.01, 0.005]);
    expect(inverseSquareRootSchedule(0.01, 100)(50)).toBeCloseTo(0.005, 12);
  });
  test('from options: warmed up, then constant or down to 0 at the last step of the last epoch', () => {
    const options = { learningRate: 1, warmUpSteps: 10, epochs: 11 };
    const constant = optionsSchedule({ ...options, decay: 'none' }, () => {
      throw new Error('asked for the steps of a constant rate');
    });
    expect([5, 10, 500].map(constant)).toEqual([0.5, 1, 1]);
    const falling = optionsSchedule({ ...options, decay: 'cosine' }, () => 10);
    expect([5, 10, 60, 110].map((step) => Number(falling(step).toFixed(6)))).toEqual([0.5, 1, 0.5, 0]);
  });
});
