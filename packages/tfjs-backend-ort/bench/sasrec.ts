import * as tf from '@tensorflow/tfjs-core';
import { dropout, layerNorm } from '../src/index.js';

/** A SASRec training step (Kang and McAuley 2018) in plain TensorFlow.js, with BCE against one negative and Adam. */
export interface StepSize {
  readonly items: number;
  readonly batch: number;
  readonly length: number;
  readonly width: number;
  readonly blocks: number;
  readonly rate: number;
}

export const PROTOTYPE: StepSize = { items: 2414, batch: 128, length: 50, width: 64, blocks: 2, rate: 0.2 };

type Parameters = Record<string, tf.Variable>;

export function makeParameters({ items, length, width, blocks }: StepSize): Parameters {
  const normal = (shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 0.05, 'float32', 1);
  const parameters: Parameters = {
    items: tf.variable(normal([items + 1, width])),
    positions: tf.variable(normal([length, width])),
  };
  const norm = (name: string): void => {
    parameters[`${name}.gain`] = tf.variable(tf.ones([width]));
    parameters[`${name}.bias`] = tf.variable(tf.zeros([width]));
  };
  for (let block = 0; block < blocks; block++) {
    for (const name of ['q', 'k', 'v', 'o', 'f1', 'f2']) {
      parameters[`${block}.${name}.w`] = tf.variable(normal([width, width]));
      parameters[`${block}.${name}.b`] = tf.variable(tf.zeros([width]));
    }
    norm(`${block}.attention`);
    norm(`${block}.feed`);
  }
  norm('last');
  return parameters;
}

export interface Batch {
  readonly inputs: tf.Tensor2D;
  readonly positives: tf.Tensor2D;
  readonly negatives: tf.Tensor2D;
}

/** Dropout; the one of this package is drawn where the backend computes. */
export type Drop = (x: tf.Tensor, rate: number, seed: tf.Tensor, salt: number) => tf.Tensor;

/** The batch of a step, the same for every peer. */
export function batchAt(size: StepSize, step: number): Batch {
  const ids = (offset: number): tf.Tensor2D =>
    tf.tensor2d(
      Int32Array.from(
        { length: size.batch * size.length },
        (_, index) => 1 + ((index * 7919 + step * 104729 + offset) % size.items),
      ),
      [size.batch, size.length],
      'int32',
    );
  return { inputs: ids(0), positives: ids(1), negatives: ids(5003) };
}

/** Median of some times. */
export const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[times.length >> 1] as number;

export function lossOf(
  p: Parameters,
  size: StepSize,
  batch: Batch,
  seed: tf.Tensor,
  dropWith: Drop = dropout,
): tf.Scalar {
  const { length, width, blocks, rate } = size;
  const at = (name: string): tf.Variable => p[name] as tf.Variable;
  const rows = size.batch * length;
  let salt = 1;
  const drop = (x: tf.Tensor): tf.Tensor => dropWith(x, rate, seed, salt++);
  const dense = (x: tf.Tensor, name: string): tf.Tensor =>
    tf.add(tf.matMul(x as tf.Tensor2D, at(`${name}.w`) as never), at(`${name}.b`));
  const norm = (x: tf.Tensor, name: string): tf.Tensor =>
    layerNorm(x, at(`${name}.gain`), at(`${name}.bias`), 1e-8);
  const real = tf.cast(tf.greater(batch.inputs, 0), 'float32');
  const flatReal = tf.reshape(real, [rows, 1]);
  let x = tf.reshape(tf.mul(tf.gather(at('items'), tf.reshape(batch.inputs, [rows])), Math.sqrt(width)), [
    -1,
    length,
    width,
  ]);
  x = tf.reshape(drop(tf.add(x, at('positions'))), [rows, width]);
  x = tf.mul(x, flatReal);
  const order = tf.range(0, length, 1);
  const future = tf.mul(
    tf.cast(tf.greater(tf.expandDims(order, 0), tf.expandDims(order, 1)), 'float32'),
    -1e9,
  );
  for (let block = 0; block < blocks; block++) {
    const query = norm(x, `${block}.attention`);
    const split = (flat: tf.Tensor): tf.Tensor => tf.reshape(flat, [size.batch, length, width]);
    const q = split(dense(query, `${block}.q`));
    const k = split(dense(x, `${block}.k`));
    const v = split(dense(x, `${block}.v`));
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width)), future);
    const mixed = tf.reshape(tf.matMul(drop(tf.softmax(scores)), v), [rows, width]);
    x = tf.add(query, dense(mixed, `${block}.o`));
    const feed = norm(x, `${block}.feed`);
    const hidden = drop(tf.relu(dense(feed, `${block}.f1`)));
    x = tf.mul(tf.add(drop(dense(hidden, `${block}.f2`)), feed), flatReal);
  }
  const last = norm(x, 'last');
  const score = (ids: tf.Tensor2D): tf.Tensor =>
    tf.sum(tf.mul(last, tf.gather(at('items'), tf.reshape(ids, [rows]))), 1);
  const flat = tf.reshape(real, [rows]);
  const softplus = (y: tf.Tensor): tf.Tensor => tf.softplus(y);
  const losses = tf.add(softplus(tf.neg(score(batch.positives))), softplus(score(batch.negatives)));
  return tf.div(tf.sum(tf.mul(losses, flat)), tf.sum(flat));
}
