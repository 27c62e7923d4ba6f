import { defineOptions, InvalidInputError, RandomStream } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  constantSchedule,
  Dense,
  fitNetwork,
  type NetworkTraining,
  Parameters,
  selectBackend,
  shuffledBatches,
  trainingOptions,
} from '../src/index.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const SLOPE = defineOptions('Slope.fit', {
  ...trainingOptions({ learningRate: 0.1, weightDecay: 0, batchSize: 1, epochs: 40, patience: 3 }),
});

/** A slope towards 2, four steps an epoch. */
function slope(more: Partial<NetworkTraining> = {}): {
  readonly weight: () => Promise<number>;
  readonly run: () => ReturnType<typeof fitNetwork>;
  readonly parameters: Parameters;
} {
  const parameters = new Parameters();
  const layer = new Dense(parameters, 'w', 1, 1, new RandomStream(0), { bias: false });
  const one = Float32Array.of(1);
  return {
    parameters,
    weight: async () => (await parameters.values())['w.kernel']?.values[0] as number,
    run: () =>
      fitNetwork({
        parameters,
        settings: SLOPE.settings({}),
        options: {},
        identity: '',
        schedule: () => constantSchedule(0.1),
        loss: ({ x }) => tf.sum(tf.square(tf.sub(layer.apply(x as tf.Tensor2D), 2))) as tf.Scalar,
        batches: (_, random) =>
          shuffledBatches(Int32Array.of(0, 1, 2, 3), 1, random, () => ({
            x: { shape: [1, 1], values: one },
          })),
        ...more,
      }),
  };
}

describe('fitNetwork', () => {
  test('tells the schedule the steps of an epoch and trains for the epochs of the settings', async () => {
    const seen: number[] = [];
    const steps: number[] = [];
    const { run, weight } = slope({
      settings: SLOPE.settings({ epochs: 30 }),
      schedule: (stepsPerEpoch) => {
        seen.push(stepsPerEpoch());
        return (step) => {
          steps.push(step);
          return 0.1;
        };
      },
    });
    const history = await run();
    expect(seen).toEqual([4]);
    expect(steps.at(-1)).toBe(120);
    expect(history).toHaveLength(30);
    expect(await weight()).toBeCloseTo(2, 1);
  });

  test('follows warm-up and decay of the settings where no schedule is given', async () => {
    const settings = { learningRate: 0.1, epochs: 1, warmUpSteps: 0, decay: 'none' } as const;
    const still = slope({ schedule: undefined, settings: { ...settings, learningRate: 0 } });
    const before = await still.weight();
    await still.run();
    expect(await still.weight()).toBe(before);
    const moved = slope({ schedule: undefined, settings });
    await moved.run();
    // AdamW's first steps are as long as the learning rate, whatever the gradient.
    expect(Math.abs((await moved.weight()) - before)).toBeCloseTo(0.4, 1);
    const warming = slope({ schedule: undefined, settings: { ...settings, warmUpSteps: 1000 } });
    await warming.run();
    expect(Math.abs((await warming.weight()) - before)).toBeLessThan(0.01);
  });

  test('stops by the metric after `patience` epochs without a rise and keeps the best weights', async () => {
    const weights: number[] = [];
    const values = [0, 1, 0.5, 0.5, 0.5, 2];
    const model = slope({
      validation: {
        measure: async (epoch) => {
          weights.push(await model.weight());
          return { quality: values[epoch - 1] ?? 0 };
        },
        stopBy: 'quality',
      },
    });
    expect((await model.run()).map(({ metrics }) => metrics.quality)).toEqual([0, 1, 0.5, 0.5, 0.5]);
    expect(await model.weight()).toBe(weights[1]);
  });

  test('measures without stopping where no metric is named', async () => {
    const { run } = slope({
      settings: SLOPE.settings({ epochs: 6, patience: 1 }),
      validation: { measure: async (epoch) => ({ epoch }) },
    });
    expect((await run()).map(({ metrics }) => metrics.epoch)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('frees the weights when it is cancelled or fails', async () => {
    const stopped = new AbortController();
    const cancelled = slope({
      options: { signal: stopped.signal, onProgress: () => stopped.abort() },
    });
    await expect(cancelled.run()).rejects.toMatchObject({ code: 'cancelled' });
    expect(cancelled.parameters.names).toEqual([]);
    const failing = slope({ validation: { measure: async () => ({}), stopBy: 'absent' } });
    await expect(failing.run()).rejects.toThrow(InvalidInputError);
    expect(failing.parameters.names).toEqual([]);
  });
});

describe('trainingOptions', () => {
  test('declares what is named, and checkpoints', () => {
    expect(SLOPE.names.filter((name) => !['signal', 'onProgress', 'seed'].includes(name))).toEqual([
      'learningRate',
      'weightDecay',
      'batchSize',
      'epochs',
      'patience',
      'checkpoint',
    ]);
    expect(() => SLOPE.settings({ clipNorm: 1 } as object)).toThrow(InvalidInputError);
  });

  test('takes defaults that depend on earlier options, words and identities of the model', () => {
    const set = defineOptions('Model.fit', {
      ...trainingOptions({
        epochs: { default: 5, identity: () => undefined },
        batchSize: {
          default: ({ epochs }) => 2 * (epochs as number),
          defaultText: 'twice the epochs',
          doc: 'users a step',
        },
      }),
    });
    expect(set.settings({ epochs: 7 }).batchSize).toBe(14);
    expect(set.table()).toContain(
      '| `batchSize` | a whole number from 1 to 1000000 | twice the epochs | users a step |',
    );
    const settings = set.settings({ batchSize: 3 });
    expect(set.identity({ ...settings, epochs: 9 })).toBe(set.identity(settings));
    expect(set.identity({ ...settings, batchSize: 4 })).not.toBe(set.identity(settings));
  });

  test('refuses values out of bounds and checkpoints without a folder', () => {
    for (const options of [
      { epochs: 0 },
      { epochs: 1.5 },
      { batchSize: 0 },
      { patience: 0 },
      { learningRate: -1 },
    ])
      expect(() => SLOPE.settings(options)).toThrow(InvalidInputError);
    for (const checkpoint of [{}, { dir: '' }, 'folder'])
      expect(() => SLOPE.settings({ checkpoint } as object)).toThrow(InvalidInputError);
    expect(SLOPE.settings({ checkpoint: { dir: 'folder' } }).checkpoint).toEqual({ dir: 'folder' });
  });
});

test('weight decay shrinks matrices, and leaves norms and biases as they are', async () => {
  const parameters = new Parameters();
  const random = new RandomStream(0);
  parameters.add('kernel', [2, 2], () => Float32Array.of(1, 2, 3, 4), random);
  parameters.add('norm.scale', [2], () => Float32Array.of(1, 1), random);
  parameters.add('bias', [2], () => Float32Array.of(-1, 5), random);
  await fitNetwork({
    parameters,
    settings: SLOPE.settings({ weightDecay: 0.5, epochs: 3, learningRate: 0.1 }),
    options: {},
    identity: '',
    // Gradients of zero: decay alone moves anything.
    loss: () => tf.addN(parameters.names.map((name) => tf.sum(tf.mul(parameters.get(name), 0)))) as tf.Scalar,
    batches: () => [() => ({ x: { shape: [1], values: Float32Array.of(0) } })],
  });
  const { kernel, 'norm.scale': scale, bias } = await parameters.values();
  for (const [k, value] of [1, 2, 3, 4].entries())
    expect(kernel?.values[k]).toBeCloseTo(value * (1 - 0.1 * 0.5) ** 3, 5);
  expect([...(scale?.values ?? [])]).toEqual([1, 1]);
  expect([...(bias?.values ?? [])]).toEqual([-1, 5]);
  parameters.dispose();
});

test('shuffledBatches gives each row one turn an epoch, in an order that the stream decides', () => {
  const rows = Int32Array.from({ length: 23 }, (_, k) => 3 * k);
  const epoch = (seed: number): number[][] => {
    const chunks: number[][] = [];
    for (const make of shuffledBatches(rows, 5, new RandomStream(seed), (chosen) => {
      chunks.push([...chosen]);
      return {};
    }))
      make();
    return chunks;
  };
  const first = epoch(1);
  expect(first.map(({ length }) => length)).toEqual([5, 5, 5, 5, 3]);
  expect(first.flat().sort((a, b) => a - b)).toEqual([...rows]);
  expect(epoch(1)).toEqual(first);
  expect(epoch(2)).not.toEqual(first);
});
