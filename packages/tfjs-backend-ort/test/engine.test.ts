import { PalateError } from '@palate/core';
import { collectGarbage } from '@palate/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, OrtBackend, OrtSession, ortBackend, registerOrtBackend } from '../src/index.js';

beforeAll(async () => {
  registerOrtBackend({ threads: 1 });
  await tf.setBackend('ort');
});

const built = (): number => ortBackend().statistics().sessionsBuilt;
const runs = (): number => ortBackend().statistics().runs;

describe('lazy execution', () => {
  it('computes nothing before a tensor is read, and then everything alive at once', () => {
    const before = runs();
    const x = tf.tensor1d([1, 2, 3]);
    const a = tf.add(x, 1);
    const b = tf.mul(a, 2);
    expect(runs()).toBe(before);
    expect(Array.from(b.dataSync())).toEqual([4, 6, 8]);
    expect(Array.from(a.dataSync())).toEqual([2, 3, 4]);
    expect(runs()).toBe(before + 1);
  });

  it('reads asynchronously and synchronously alike', async () => {
    expect(Array.from(await tf.add(tf.tensor1d([1]), 1).data())).toEqual([2]);
  });

  it('serves other values of the same structure by the same session', () => {
    const step = (values: number[], rate: number): number =>
      tf.tidy(() => tf.sum(tf.mul(tf.exp(tf.tensor1d(values)), tf.scalar(rate))).dataSync()[0] as number);
    step([1, 2], 0.1);
    const before = built();
    for (let i = 0; i < 5; i++) expect(step([i, 0], i)).toBeCloseTo(i * (Math.exp(i) + 1), 3);
    expect(built()).toBe(before);
    step([1, 2, 3], 0.1);
    expect(built()).toBe(before + 1);
  });

  it('trains with Adam without building sessions after the second step', () => {
    const w = tf.variable(tf.tensor2d([[1], [1]]));
    const optimizer = tf.train.adam(0.1);
    const losses: number[] = [];
    let after = 0;
    for (let i = 0; i < 6; i++) {
      losses.push(
        tf.tidy(() => {
          const x = tf.tensor2d([[i, 1]]);
          const loss = optimizer.minimize(
            () => tf.mean(tf.square(tf.sub(tf.matMul(x, w as tf.Tensor2D), 3))),
            true,
          );
          return loss?.dataSync()[0] as number;
        }),
      );
      if (i === 1) after = built();
    }
    expect(built()).toBe(after);
    expect(losses.every(Number.isFinite)).toBe(true);
  });

  it('keeps a disposed tensor as an intermediate', () => {
    const x = tf.tensor1d([1, 2]);
    const a = tf.add(x, 1);
    const b = tf.mul(a, a);
    a.dispose();
    x.dispose();
    expect(Array.from(b.dataSync())).toEqual([4, 9]);
  });

  it('does not see what the caller writes into its array afterwards', () => {
    const values = Float32Array.of(1, 2);
    const sum = tf.add(tf.tensor1d(values), 1);
    values[0] = 100;
    expect(Array.from(sum.dataSync())).toEqual([2, 3]);
  });

  it('does not change what was read when later tensors take over memory', () => {
    const size = 1000;
    const make = (value: number): tf.Tensor => tf.add(tf.fill([size], value), 0);
    const first = make(1);
    const read = first.dataSync();
    first.dispose();
    const second = make(2);
    second.dataSync();
    expect(read.every((each) => each === 1)).toBe(true);
    const unread = make(3);
    const sum = tf.add(unread, 1);
    tf.add(unread, 2).dataSync();
    unread.dispose();
    const other = make(9);
    other.dataSync();
    expect(sum.dataSync()[size - 1]).toBe(4);
  });

  it('counts tensors and bytes as TensorFlow.js expects', () => {
    const before = tf.memory();
    const x = tf.tensor2d([[1, 2]]);
    const y = tf.reshape(x, [2]);
    const z = tf.add(y, 1);
    expect(tf.memory().numTensors).toBe(before.numTensors + 3);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers + 2);
    z.dataSync();
    tf.dispose([x, y, z]);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    expect(ortBackend().numDataIds()).toBe(tf.memory().numDataBuffers);
  });

  it('keeps int32 exact where float32 could not', () => {
    const x = tf.tensor1d([2 ** 31 - 1, 2 ** 24 + 1], 'int32');
    const one = tf.scalar(1, 'int32');
    expect(Array.from(tf.mul(tf.sub(x, one), one).dataSync())).toEqual([2 ** 31 - 2, 2 ** 24]);
    expect(tf.equal(x, x).dataSync()).toBeInstanceOf(Uint8Array);
  });

  it('names an unmapped kernel', () => {
    const unmapped = tf.getKernel('BroadcastTo', 'ort');
    const call = (): unknown =>
      unmapped.kernelFunc({ inputs: {}, backend: ortBackend(), attrs: {} } as never);
    expect(call).toThrow(/BroadcastTo/);
    try {
      call();
    } catch (error) {
      expect(PalateError.is(error) && error.code).toBe('unsupported');
    }
  });

  it('keeps gradients of gathered rows that repeat', () => {
    const gradient = tf.grad((x) => tf.sum(tf.gather(x, tf.tensor1d([1, 1, 0], 'int32'))));
    expect(gradient(tf.ones([3, 2])).arraySync()).toEqual([
      [1, 1],
      [2, 2],
      [0, 0],
    ]);
  });
});

describe('bounds', () => {
  it('refuses unknown options', () => {
    expect(() => new OrtBackend({ thread: 1 } as never)).toThrow(/thread/);
    // TensorFlow.js turns to another backend, without an error, where one cannot be made.
    expect(() => registerOrtBackend({ thread: 1 } as never)).toThrow(/Did you mean threads/);
    expect(() => registerOrtBackend({ maxTensorBytes: -1 })).toThrow(/maxTensorBytes/);
    expect(() => new OrtSession(new Uint8Array(), [], { optimisation: 'most' as never })).toThrow(
      /optimisation/,
    );
    expect(() => compile((x: tf.Tensor) => x, { proofs: 1 })).toThrow(/proofs/);
  });

  it('evicts the least recently used session', async () => {
    tf.registerBackend('ort-small', () => new OrtBackend({ threads: 1, maxSessions: 2, maxPendingNodes: 3 }));
    tf.copyRegisteredKernels('ort', 'ort-small');
    await tf.setBackend('ort-small');
    const backend = tf.backend() as OrtBackend;
    const size = (count: number): number => tf.tidy(() => tf.add(tf.ones([count]), 1).dataSync().length);
    for (const count of [2, 3, 4]) size(count);
    expect(backend.statistics()).toMatchObject({ sessions: 2, sessionsBuilt: 3 });
    size(4);
    size(3);
    expect(backend.statistics().sessionsBuilt).toBe(3);
    size(2);
    expect(backend.statistics().sessionsBuilt).toBe(4);
    // Six operations in a row pass the bound of three: part is computed before anything is read.
    const runsBefore = backend.statistics().runs;
    let x: tf.Tensor = tf.scalar(1);
    for (let i = 0; i < 6; i++) x = tf.add(x, 1);
    expect(backend.statistics().runs).toBeGreaterThan(runsBefore);
    expect(x.dataSync()[0]).toBe(7);
    await tf.setBackend('ort');
  });

  it('evicts the sessions of a compiled step only once nobody holds it', async () => {
    tf.registerBackend('ort-one', () => new OrtBackend({ threads: 1, maxSessions: 1 }));
    tf.copyRegisteredKernels('ort', 'ort-one');
    await tf.setBackend('ort-one');
    const backend = tf.backend() as OrtBackend;
    const one = tf.tensor1d([1, 2, 3]);
    const evictBy = (count: number): number => {
      tf.tidy(() => tf.mul(tf.ones([count]), 3).dataSync());
      return backend.statistics().sessions;
    };
    let step: ReturnType<typeof compile> | undefined = compile((x: tf.Tensor) => tf.add(x, 1));
    for (let call = 0; call < 3; call++) (step(one) as tf.Tensor).dispose();
    expect(step.statistics().replayed).toBe(1);
    expect(evictBy(4)).toBe(2);
    step = undefined;
    let left = 2;
    for (let round = 0; round < 50 && left > 1; round++) {
      await collectGarbage();
      left = evictBy(5 + round);
    }
    expect(left).toBe(1);
    one.dispose();
    await tf.setBackend('ort');
  });
});
