import { collectGarbage } from '@palate/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ortBackend, registerOrtBackend } from '../src/index.js';
import { MemoryPool } from '../src/memory/memory-pool.js';

describe('the memory pool', () => {
  it('gives back what it was given, by size and for any type', () => {
    const pool = new MemoryPool(10_000);
    const first = pool.take('float32', 100);
    pool.give(first);
    expect(pool.bytes).toBe(400);
    expect(pool.take('int32', 101).buffer).not.toBe(first.buffer);
    const again = pool.take('int32', 100);
    expect(again.buffer).toBe(first.buffer);
    expect(again).toBeInstanceOf(Int32Array);
    expect(pool.bytes).toBe(0);
  });

  it('lets the sizes used longest ago go beyond its bound', () => {
    const pool = new MemoryPool(1000);
    const [a, b, c] = [100, 75, 80].map((size) => pool.take('float32', size));
    pool.give(a as Float32Array);
    pool.give(b as Float32Array);
    expect(pool.bytes).toBe(700);
    pool.give(c as Float32Array);
    expect(pool.bytes).toBe(620);
    expect(pool.take('float32', 75).buffer).toBe(b?.buffer);
    expect(pool.take('float32', 100).buffer).not.toBe(a?.buffer);
    pool.give(new Float32Array(300));
    expect(pool.bytes).toBe(320);
  });

  it('lets go of what no run of the last 64 needed', () => {
    const pool = new MemoryPool(1e6);
    const taken = Array.from({ length: 5 }, () => pool.take('float32', 100));
    for (const each of taken) pool.give(each);
    for (let run = 0; run < 128; run++) {
      const [x, y] = [pool.take('float32', 100), pool.take('float32', 100)];
      pool.give(x);
      pool.give(y);
      pool.countRun();
    }
    expect(pool.bytes).toBe(800);
  });

  it('never keeps parts of a larger buffer, which belongs to someone else', () => {
    const pool = new MemoryPool(1e6);
    pool.give(new Float32Array(1000).subarray(0, 500));
    expect(pool.bytes).toBe(0);
  });
});

describe('memory of a training loop', () => {
  beforeAll(async () => {
    registerOrtBackend({ threads: 1 });
    await tf.setBackend('ort');
  });

  it('does not grow with the steps, though every batch is new', async () => {
    const w = tf.variable(tf.ones([1000, 1]));
    const step = (index: number): void =>
      tf.tidy(() => {
        const x = tf.tensor2d(new Float32Array(250_000).fill(index / 1e6), [250, 1000]);
        w.assign(tf.mul(w, tf.mean(tf.matMul(x, w as tf.Tensor2D))));
        w.dataSync();
      });
    for (let index = 0; index < 70; index++) step(index);
    await collectGarbage();
    const before = process.memoryUsage();
    for (let index = 0; index < 300; index++) step(index);
    // 300 batches of 1 MB went through; a few may lie in the pool.
    expect(ortBackend().statistics().pooledBytes).toBeLessThan(10e6);
    // What is garbage already may lie there until the machine has time for it.
    await collectGarbage();
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(150e6);
    // The variable, and what it started from.
    expect(tf.memory().numTensors).toBe(2);
  });
});
