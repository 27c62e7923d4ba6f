import { RandomStream } from '@palate/core';
import { type BatchTensors, batchTensors, ForwardPass, selectBackend, T5, t5Config } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchRows, paddedShare, sourceColumns, targetColumns } from '../../src/p5/text-batches.js';
import type { TextRow } from '../../src/p5/text-row.js';
import { type SourceTensors, WholeWordNetwork } from '../../src/p5/whole-word-network.js';

const CONFIG = {
  vocab_size: 30,
  d_model: 8,
  d_kv: 4,
  d_ff: 16,
  num_layers: 1,
  num_heads: 2,
  dropout_rate: 0,
};
const WORDS = 6;

let network: WholeWordNetwork;
beforeAll(async () => {
  await selectBackend('ort');
  network = new WholeWordNetwork(new T5(t5Config(CONFIG, 'test'), 1), WORDS, 1);
});
afterAll(() => network.dispose());

/** Rows of many lengths, most short, as tasks have them. */
const mixed = (count: number): TextRow[] => {
  const random = new RandomStream(4);
  return Array.from({ length: count }, () => {
    const length = Math.round(12 + 480 * random.uniform() ** 3);
    const numbers = (size: number): Int32Array => Int32Array.from({ length: size }, (_, k) => 2 + (k % 20));
    return {
      source: numbers(length),
      words: numbers(length),
      target: numbers(random.uniform() < 0.7 ? 4 : 30),
    };
  });
};

test('every row has one turn, batches are full but one, and little is padding', () => {
  const rows = mixed(2000);
  const random = new RandomStream(1);
  const batches = batchRows(rows, 32, random.fork('order'));
  expect(batches.flatMap((batch) => Array.from(batch.rows)).sort((a, b) => a - b)).toEqual([...rows.keys()]);
  expect(batches.filter(({ rows: own }) => own.length < 32).map(({ rows: own }) => own.length)).toEqual([16]);
  for (const batch of batches)
    for (const row of batch.rows) {
      expect(rows[row]?.source.length).toBeLessThanOrEqual(batch.inputs);
      expect(rows[row]?.target.length).toBeLessThanOrEqual(batch.outputs);
    }
  expect(paddedShare(rows, batches)).toBeLessThan(0.2);
  // Padded to the longest of random batches more than half would be.
  const inOrder = Array.from({ length: 62 }, (_, k) => ({
    rows: Int32Array.from({ length: 32 }, (_, at) => 32 * k + at),
    inputs: 492,
    outputs: 30,
  }));
  expect(paddedShare(rows, inOrder)).toBeGreaterThan(0.5);
  // Each pair of lengths is a graph: far fewer than batches at scale.
  expect(new Set(batches.map(({ inputs, outputs }) => `${inputs} ${outputs}`)).size).toBeLessThan(40);
  expect(batchRows(rows, 32, random.fork('order'))).toEqual(batches);
  expect(batchRows(rows, 32, random.fork('other'))).not.toEqual(batches);
});

const columns = (row: TextRow, inputs: number): BatchTensors =>
  batchTensors({ ...sourceColumns([row], inputs, 0), ...targetColumns(network.t5, [row.target], 4) });
const lossOf = (row: TextRow, inputs = row.source.length): tf.Scalar => {
  const batch = columns(row, inputs);
  return network.loss(batch as SourceTensors, batch as never, ForwardPass.inference());
};
/** `next item _ 7 3` with the id as one word, and with every piece as a word of its own. */
const row = (words: readonly number[]): TextRow => ({
  source: Int32Array.of(5, 6, 7, 17, 13, 1),
  words: Int32Array.from(words),
  target: Int32Array.of(6, 8, 1),
});

test('the encoder tells an id of several pieces from as many words, and padding changes nothing', () => {
  tf.tidy(() => {
    const [whole, apart] = [row([1, 2, 2, 2, 2, 0]), row([1, 2, 3, 4, 5, 0])];
    const value = (loss: tf.Scalar): number => loss.dataSync()[0] as number;
    expect(Math.abs(value(lossOf(whole)) - value(lossOf(apart)))).toBeGreaterThan(1e-4);
    expect(value(lossOf(whole, 16))).toBeCloseTo(value(lossOf(whole)), 4);
  });
});

test('gradients reach the words of the input alone; words beyond the table share its last row', () => {
  tf.tidy(() => {
    const table = network.parameters.get('whole-word.weight');
    const norms = (words: readonly number[]): number[] => {
      const { grads } = tf.variableGrads(() => lossOf(row(words)), [table]);
      const gradient = grads[table.name] as tf.Tensor2D;
      return Array.from(tf.norm(gradient, 2, 1).dataSync());
    };
    expect(norms([1, 3, 3, 3, 3, 0]).map((norm) => norm > 1e-6)).toEqual([
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
    expect(norms([1, 5, 9, 400, 5, 0]).map((norm) => norm > 1e-6)).toEqual([
      true,
      true,
      false,
      false,
      false,
      true,
    ]);
  });
});

test('the first token has the probability that decoding gives it', () => {
  tf.tidy(() => {
    const batch = columns(row([1, 2, 2, 2, 2, 0]), 6);
    const first = network.firstToken(batch as SourceTensors, ForwardPass.inference()).dataSync<'float32'>();
    expect(first.reduce((sum, each) => sum + Math.exp(each), 0)).toBeCloseTo(1, 4);
    const one = batchTensors({ ...targetColumns(network.t5, [Int32Array.of(6)], 1) });
    const sum = network.logLikelihoods(batch as SourceTensors, one as never, ForwardPass.inference());
    expect(first[6]).toBeCloseTo(sum.dataSync()[0] as number, 4);
  });
});
