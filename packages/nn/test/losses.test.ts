import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  binaryCrossEntropy,
  catalogueCrossEntropy,
  crossEntropyAmong,
  generalisedBce,
  infoNce,
  sampledSoftmax,
  selectBackend,
  softmaxCrossEntropy,
  tripletLoss,
} from '../src/index.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const number = (compute: () => tf.Tensor): number => tf.tidy(() => compute().dataSync()[0] as number);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softmax = (row: number[]): number[] => {
  const weights = row.map(Math.exp);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};

test('softmax cross-entropy is the weighted mean of negative log-probabilities', () => {
  const logits = [
    [1, 2, 0.5],
    [0, -1, 3],
    [5, 5, 5],
  ];
  const expected =
    (-Math.log(softmax(logits[0] as number[])[1] as number) -
      2 * Math.log(softmax(logits[1] as number[])[0] as number)) /
    3;
  const value = number(() =>
    softmaxCrossEntropy(tf.tensor2d(logits), tf.tensor1d([1, 0, 2], 'int32'), tf.tensor1d([1, 2, 0])),
  );
  expect(value).toBeCloseTo(expected, 5);
});

describe('catalogue cross-entropy', () => {
  const x = tf.tidy(() => tf.tensor2d([0.5, -1, 2, 0.1, 0.3, -0.7], [3, 2]));
  const table = tf.tensor2d([1, 0.2, -0.4, 0.9, 0.3, 0.3, -1, 0.8], [4, 2]);
  const targets = tf.tensor1d([2, 0, 2], 'int32');
  const weights = tf.tensor1d([1, 0.5, 0]);

  test('equals softmax cross-entropy of the scores, in value and both gradients', () => {
    tf.tidy(() => {
      const fused = tf.valueAndGrads((a, b) =>
        catalogueCrossEntropy(a as tf.Tensor2D, b as tf.Tensor2D, targets, weights),
      );
      const plain = tf.valueAndGrads((a, b) =>
        softmaxCrossEntropy(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, false, true), targets, weights),
      );
      const [one, other] = [fused([x, table]), plain([x, table])];
      expect(one.value.dataSync()[0]).toBeCloseTo(other.value.dataSync()[0] as number, 5);
      for (const k of [0, 1]) {
        const [a, b] = [one.grads[k]?.dataSync() ?? [], other.grads[k]?.dataSync() ?? []];
        expect(a).toHaveLength(b.length);
        for (let i = 0; i < b.length; i++) expect(a[i]).toBeCloseTo(b[i] as number, 5);
      }
    });
  });

  test('with a constant total every row has the same say', () => {
    const byWeights = number(() => catalogueCrossEntropy(x, table, targets, weights));
    const byTotal = number(() => catalogueCrossEntropy(x, table, targets, weights, { total: 3 }));
    expect(byTotal).toBeCloseTo((byWeights * 1.5) / 3, 5);
  });
});

test('cross-entropy among competitors equals softmax cross-entropy of the scores without what is excluded, in value and both gradients', () => {
  // Two groups of two rows; the first group's targets are excluded themselves, the second group's are not.
  const x = tf.tensor2d([0.5, -1, 2, 0.1, 0.3, -0.7, -1.2, 0.4], [4, 2]);
  const table = tf.tensor2d([1, 0.2, -0.4, 0.9, 0.3, 0.3, -1, 0.8, 0.6, 0.1], [5, 2]);
  const targets = tf.tensor1d([2, 0, 1, 4], 'int32');
  const weights = tf.tensor1d([1, 0.5, 2, 1]);
  const excluded = tf.tensor2d([1, 0, 1, 1, 0, 0, 0, 1, 0, 0], [2, 5]);
  const lowered = tf.tensor2d(
    [
      [1, 0, 0, 1, 0],
      [0, 0, 1, 1, 0],
      [0, 0, 1, 0, 0],
      [0, 0, 1, 0, 0],
    ].map((row) => row.map((isExcluded) => -1e9 * isExcluded)),
  );
  tf.tidy(() => {
    const one = tf.valueAndGrads((a, b) =>
      crossEntropyAmong(a as tf.Tensor2D, b as tf.Tensor2D, targets, weights, excluded),
    )([x, table]);
    const other = tf.valueAndGrads((a, b) => {
      const scores = tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, false, true);
      return softmaxCrossEntropy(tf.add(scores, lowered) as tf.Tensor2D, targets, weights);
    })([x, table]);
    expect(one.value.dataSync()[0]).toBeCloseTo(other.value.dataSync()[0] as number, 5);
    for (const k of [0, 1]) {
      const [a, b] = [one.grads[k]?.dataSync() ?? [], other.grads[k]?.dataSync() ?? []];
      expect(a).toHaveLength(b.length);
      for (let i = 0; i < b.length; i++) expect(a[i]).toBeCloseTo(b[i] as number, 5);
    }
  });
});

test('binary cross-entropy by hand, stable at both ends', () => {
  const expected = (-Math.log(sigmoid(0.3)) - Math.log(1 - sigmoid(-1.2))) / 2;
  expect(
    number(() => binaryCrossEntropy(tf.tensor1d([0.3, -1.2]), tf.tensor1d([1, 0]), tf.tensor1d([1, 1]))),
  ).toBeCloseTo(expected, 5);
  expect(
    number(() => binaryCrossEntropy(tf.tensor1d([80, -80]), tf.tensor1d([0, 1]), tf.tensor1d([1, 1]))),
  ).toBeCloseTo(80, 3);
});

test('gBCE raises the positive to beta = a (t (1 - 1/a) + 1/a); t of 0 is BCE', () => {
  const run = (t: number): number =>
    number(() => generalisedBce(tf.tensor1d([0.7]), tf.tensor2d([[-0.2, 0.4]]), tf.tensor1d([1]), 11, t));
  const negatives = -Math.log(1 - sigmoid(-0.2)) - Math.log(1 - sigmoid(0.4));
  expect(run(0)).toBeCloseTo(-Math.log(sigmoid(0.7)) + negatives, 5);
  const rate = 2 / 10;
  const beta = rate * (0.75 * (1 - 1 / rate) + 1 / rate);
  expect(run(0.75)).toBeCloseTo(-beta * Math.log(sigmoid(0.7)) + negatives, 5);
});

test('sampled softmax, triplet loss and InfoNCE by hand', () => {
  const sampled = number(() => sampledSoftmax(tf.tensor1d([1]), tf.tensor2d([[0, 2]]), tf.tensor1d([1])));
  expect(sampled).toBeCloseTo(-Math.log(softmax([1, 0, 2])[0] as number), 5);
  const triplet = number(() =>
    tripletLoss(tf.tensor2d([[0, 0]]), tf.tensor2d([[3, 4]]), tf.tensor2d([[0, 5.5]]), 1),
  );
  expect(triplet).toBeCloseTo(0.5, 4);
  const nce = number(() =>
    infoNce(
      tf.tensor2d([
        [1, 0],
        [0, 1],
      ]),
      tf.tensor2d([
        [1, 0],
        [1, 0],
      ]),
      0.5,
    ),
  );
  expect(nce).toBeCloseTo(
    (-Math.log(softmax([2, 2])[0] as number) - Math.log(softmax([0, 0])[1] as number)) / 2,
    5,
  );
});
