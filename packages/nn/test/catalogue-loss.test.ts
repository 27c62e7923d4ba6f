import { RandomStream } from '@palate/core';
import { registerOrtBackend } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { catalogueCrossEntropy, crossEntropyAmong } from '../src/index.js';

const [GROUPS, POSITIONS, WIDTH, CLASSES] = [6, 4, 5, 300];
const ROWS = GROUPS * POSITIONS;
const random = new RandomStream(8);
const numbers = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.normal());

/** Bytes of the whole matrix of scores, and a bound that only blocks of a few rows keep. */
const WHOLE = 4 * ROWS * CLASSES;
const BOUND = WHOLE / 3;

beforeAll(async () => {
  // The backend refuses to compute a larger tensor, so that it is the witness.
  registerOrtBackend({ maxTensorBytes: BOUND });
  await tf.setBackend('ort');
});

const inputs = {
  x: numbers(ROWS * WIDTH),
  table: numbers(CLASSES * WIDTH),
  targets: Int32Array.from({ length: ROWS }, () => random.integer(CLASSES)),
  weights: Float32Array.from({ length: ROWS }, (_, row) => row % 3),
  excluded: Float32Array.from({ length: GROUPS * CLASSES }, () => (random.uniform() < 0.3 ? 1 : 0)),
};

/** Value and gradients of the sum of `weights * -log softmax`, in double precision from the definition. */
function byDefinition(excluded?: Float32Array): { value: number; dx: Float64Array; dTable: Float64Array } {
  const { x, table, targets, weights } = inputs;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const [dx, dTable] = [new Float64Array(x.length), new Float64Array(table.length)];
  let value = 0;
  for (let row = 0; row < ROWS; row++) {
    const target = targets[row] as number;
    const group = Math.floor(row / POSITIONS);
    const score = (c: number): number => {
      let sum = 0;
      for (let k = 0; k < WIDTH; k++)
        sum += (x[row * WIDTH + k] as number) * (table[c * WIDTH + k] as number);
      return sum;
    };
    const raised = Float64Array.from({ length: CLASSES }, (_, c) =>
      c !== target && excluded?.[group * CLASSES + c] ? 0 : Math.exp(score(c)),
    );
    const sum = raised.reduce((a, b) => a + b, 0);
    const share = (weights[row] as number) / total;
    value -= share * Math.log((raised[target] as number) / sum);
    for (let c = 0; c < CLASSES; c++) {
      const error = share * ((raised[c] as number) / sum - (c === target ? 1 : 0));
      for (let k = 0; k < WIDTH; k++) {
        dx[row * WIDTH + k]! += error * (table[c * WIDTH + k] as number);
        dTable[c * WIDTH + k]! += error * (x[row * WIDTH + k] as number);
      }
    }
  }
  return { value, dx, dTable };
}

function computed(
  blockRows: number,
  isAmong: boolean,
): { value: number; dx: Float32Array; dTable: Float32Array } {
  return tf.tidy(() => {
    const targets = tf.tensor1d(inputs.targets, 'int32');
    const weights = tf.tensor1d(inputs.weights);
    const excluded = tf.tensor2d(inputs.excluded, [GROUPS, CLASSES]);
    const { value, grads } = tf.valueAndGrads((x, table) =>
      isAmong
        ? crossEntropyAmong(x as tf.Tensor2D, table as tf.Tensor2D, targets, weights, excluded, { blockRows })
        : catalogueCrossEntropy(x as tf.Tensor2D, table as tf.Tensor2D, targets, weights, { blockRows }),
    )([tf.tensor2d(inputs.x, [ROWS, WIDTH]), tf.tensor2d(inputs.table, [CLASSES, WIDTH])]);
    return {
      value: value.dataSync()[0] as number,
      dx: grads[0]?.dataSync() as Float32Array,
      dTable: grads[1]?.dataSync() as Float32Array,
    };
  });
}

describe.each([
  ['over all classes', false],
  ['among those that compete', true],
])('cross-entropy of a catalogue %s', (_, isAmong) => {
  // Blocks of a group, of two groups, and of four that leave a smaller one.
  test.each(isAmong ? [4, 8] : [3, 5, 8])(
    'in blocks of %i rows is what the definition says, and no tensor is as large as the scores',
    (blockRows) => {
      const expected = byDefinition(isAmong ? inputs.excluded : undefined);
      const actual = computed(blockRows, isAmong);
      expect(actual.value).toBeCloseTo(expected.value, 4);
      for (const part of ['dx', 'dTable'] as const)
        for (const [k, value] of expected[part].entries()) expect(actual[part][k]).toBeCloseTo(value, 4);
    },
  );

  test('needs the whole matrix without them, which the bound of this test refuses', () => {
    expect(() => computed(ROWS, isAmong)).toThrow(/bytes/);
  });
});
