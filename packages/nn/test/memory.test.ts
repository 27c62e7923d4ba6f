import { RandomStream } from '@palate/core';
import { collectGarbage, settled } from '@palate/core/testing';
import { heldTensor } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  Adafactor,
  Adagrad,
  AdamW,
  Dense,
  normal,
  type Optimiser,
  Parameters,
  selectBackend,
} from '../src/index.js';

beforeAll(async () => {
  await selectBackend('ort');
});

/** Collects garbage until a condition holds, or enough has been tried. */
async function collectUntil(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 100 && !holds(); round++) await collectGarbage();
}

const tensors = (): number => tf.memory().numTensors;

describe('an optimiser', () => {
  const kinds: [string, () => Optimiser][] = [
    ['AdamW', () => new AdamW()],
    ['Adagrad', () => new Adagrad()],
    ['Adafactor', () => new Adafactor()],
  ];
  test.each(kinds)('%s keeps no tensor once it is disposed, restored or not', async (_, make) => {
    const parameters = new Parameters();
    for (const name of ['a', 'b']) parameters.add(name, [3, 2], normal(1), new RandomStream(1));
    const step = (optimiser: Optimiser): void =>
      tf.tidy(() => {
        const numbers = Object.entries(optimiser.scalars(2, 0.1));
        const scalars = Object.fromEntries(numbers.map(([name, value]) => [name, tf.scalar(value)]));
        optimiser.apply(parameters, { a: tf.ones([3, 2]), b: tf.ones([3, 2]) }, scalars);
      });
    const before = await settled(tensors);
    const first = make();
    step(first);
    const state = await first.state();
    const second = make();
    second.restore(parameters, state, 'test');
    expect(await second.state()).toEqual(state);
    step(second);
    first.dispose();
    second.dispose();
    expect(tensors()).toBe(before);
    parameters.dispose();
  });
});

describe('weights that nobody holds', () => {
  test('are freed, and those that a layer holds are not', async () => {
    await settled(tensors);
    const before = { ...tf.memory() };
    const make = (): Dense => new Dense(new Parameters(), 'layer', 100, 50, new RandomStream(0));
    let layer: Dense | undefined = make();
    for (let i = 0; i < 20; i++) make();
    expect(tensors()).toBe(before.numTensors + 42);
    await collectUntil(() => tensors() === before.numTensors + 2);
    expect(tensors()).toBe(before.numTensors + 2);
    const applied = layer.apply(tf.ones([1, 100])).dataSync();
    expect(applied).toHaveLength(50);
    layer = undefined;
    await collectUntil(() => tf.memory().numBytes - before.numBytes < 20_000);
    expect(tf.memory().numBytes - before.numBytes).toBeLessThan(20_000);
  });

  test('are freed under the value that they were assigned last', async () => {
    await settled(tensors);
    const before = { ...tf.memory() };
    const values = { w: { shape: [4], values: Float32Array.of(1, 2, 3, 4) } };
    const use = (): number => {
      const parameters = new Parameters();
      parameters.add('w', [4], normal(1), new RandomStream(0));
      parameters.assign(values, 'test');
      return parameters.get('w').dataSync()[3] as number;
    };
    expect(use()).toBe(4);
    await collectUntil(() => tensors() === before.numTensors);
    expect(tf.memory()).toMatchObject({
      numTensors: before.numTensors,
      numDataBuffers: before.numDataBuffers,
    });
  });

  test('stay while a tensor that shares their numbers is held', async () => {
    await settled(tensors);
    const clone = ((): tf.Tensor => {
      const parameters = new Parameters();
      parameters.add('w', [2], () => Float32Array.of(5, 6), new RandomStream(0));
      return tf.clone(parameters.get('w'));
    })();
    const before = tensors();
    await collectUntil(() => tensors() === before - 1);
    expect(tensors()).toBe(before - 1);
    expect(Array.from(clone.dataSync())).toEqual([5, 6]);
    clone.dispose();
  });
});

test('held tensors are freed once when disposed, and by themselves otherwise', async () => {
  const before = await settled(tensors);
  const kept = tf.tidy(() => heldTensor(tf.ones([3])));
  tf.tidy(() => heldTensor(tf.ones([3])));
  expect(tensors()).toBe(before + 2);
  kept.dispose();
  kept.dispose();
  expect(tensors()).toBe(before + 1);
  await collectUntil(() => tensors() === before);
  expect(tensors()).toBe(before);
});

test('parameters are disposed at the end of a block', async () => {
  const before = await settled(tensors);
  {
    using parameters = new Parameters();
    parameters.add('w', [2], normal(1), new RandomStream(0));
    expect(tensors()).toBe(before + 1);
  }
  expect(tensors()).toBe(before);
});
