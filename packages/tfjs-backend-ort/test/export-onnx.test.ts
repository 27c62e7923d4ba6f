import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settled } from '@palate/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportOnnx, layerNorm, randomUniform, registerOrtBackend } from '../src/index.js';

beforeAll(async () => {
  registerOrtBackend({ threads: 1 });
  await tf.setBackend('ort');
});

const wave = (shape: number[], shift = 0): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(i + shift)),
    shape,
  );

/** Runs a model by onnxruntime-node's public interface, from a file. */
async function runFile(bytes: Uint8Array, feeds: Record<string, tf.Tensor>): Promise<Record<string, Tensor>> {
  const folder = mkdtempSync(join(tmpdir(), 'palate-export-'));
  try {
    writeFileSync(join(folder, 'model.onnx'), bytes);
    const session = await InferenceSession.create(join(folder, 'model.onnx'));
    expect([...session.inputNames].sort()).toEqual(Object.keys(feeds).sort());
    const outputs = await session.run(
      Object.fromEntries(
        Object.entries(feeds).map(([name, tensor]) => [
          name,
          new Tensor(tensor.dtype as 'float32', tensor.dataSync<'float32'>(), tensor.shape),
        ]),
      ),
    );
    await session.release();
    return outputs as Record<string, Tensor>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('exportOnnx', () => {
  // One attention block over embedded ids: gathers, batched products with transposition, softmax, normalisation.
  let table: tf.Tensor;
  let weights: tf.Tensor;
  beforeAll(() => {
    table = wave([20, 8]);
    weights = wave([8, 8], 3);
  });
  const block = ({
    ids,
    mask,
  }: {
    ids: tf.Tensor;
    mask: tf.Tensor;
  }): { encoded: tf.Tensor; pooled: tf.Tensor } => {
    const [rows, length] = ids.shape as [number, number];
    const x = tf.reshape(tf.gather(table, tf.reshape(ids, [rows * length])), [rows, length, 8]);
    const scores = tf.add(tf.matMul(x, x, false, true), tf.mul(tf.expandDims(mask, 1), -10));
    const mixed = tf.matMul(tf.softmax(scores), x);
    const flat = tf.matMul(tf.reshape(mixed, [rows * length, 8]), weights as tf.Tensor2D);
    const encoded = layerNorm(tf.add(tf.reshape(flat, [rows, length, 8]), x), tf.ones([8]), tf.zeros([8]));
    return { encoded, pooled: tf.mean(tf.concat([encoded, tf.zerosLike(encoded)], 1), 1) };
  };
  const inputsOf = (rows: number): { ids: tf.Tensor; mask: tf.Tensor } => ({
    ids: tf.tensor2d(
      Int32Array.from({ length: rows * 3 }, (_, i) => (i * 7) % 20),
      [rows, 3],
      'int32',
    ),
    mask: wave([rows, 3]),
  });

  async function check(bytes: Uint8Array, rows: number): Promise<void> {
    const inputs = inputsOf(rows);
    const expected = block(inputs);
    const outputs = await runFile(bytes, inputs);
    for (const name of ['encoded', 'pooled'] as const) {
      const wanted = expected[name].dataSync();
      expect(outputs[name]?.dims).toEqual(expected[name].shape);
      ((outputs[name] as Tensor).data as Float32Array).forEach((each, index) => {
        expect(each).toBeCloseTo(wanted[index] as number, 5);
      });
    }
  }

  it('writes a file that gives the same numbers', async () => {
    await check(exportOnnx(block, inputsOf(2)), 2);
  });

  it('writes a file for any batch size', async () => {
    const bytes = exportOnnx(block, inputsOf(1), { dynamicBatch: true });
    for (const rows of [1, 2, 5]) await check(bytes, rows);
  });

  it('uses standard operators only', () => {
    expect(Buffer.from(exportOnnx(block, inputsOf(2))).includes('com.microsoft')).toBe(false);
  });

  it('refuses numbers made in JavaScript that follow the batch', () => {
    const grows = ({ x }: { x: tf.Tensor }): tf.Tensor =>
      tf.add(x, tf.tensor2d(new Float32Array(x.size), x.shape as [number, number]));
    expect(() => exportOnnx(grows, { x: tf.ones([1, 2]) }, { dynamicBatch: true })).toThrow(/JavaScript/);
  });

  it('refuses operations that run in JavaScript, and names them', () => {
    const values = ({ x }: { x: tf.Tensor }): tf.Tensor => tf.mul(tf.cumprod(x), 2);
    expect(() => exportOnnx(values, { x: tf.ones([3]) })).toThrow(/Cumprod/);
  });

  it('draws the same random numbers in the file', async () => {
    const noise = ({ seed }: { seed: tf.Tensor }): tf.Tensor => randomUniform([6], seed, 2);
    const seed = tf.tensor1d([4, 5], 'int32');
    const { output } = await runFile(exportOnnx(noise, { seed }), { seed });
    expect(Array.from(output?.data as Float32Array)).toEqual(Array.from(noise({ seed }).dataSync()));
  });

  it('leaves no tensors behind', async () => {
    const inputs = inputsOf(2);
    const before = await settled(() => tf.memory().numTensors);
    exportOnnx(block, inputs, { dynamicBatch: true });
    expect(tf.memory().numTensors).toBe(before);
  });
});
