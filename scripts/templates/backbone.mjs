// A backbone that works: first-order weights beside an MLP over all fields. Every backbone is trained, saved and compared
// by the tests over the table of backbones; the test written here is for what is its own.

/** The source of a new backbone. */
export const backbone = ({ camel, title }) => `import * as tf from '@tensorflow/tfjs-core';
import type { MakeBackbone } from './backbone.js';
import { flatInput, flatWidth } from './flat-input.js';
import { column, Perceptron } from './perceptron.js';

/** ${title[0].toUpperCase()}${title.slice(1)}: first-order weights and an MLP, summed. (Say here what it is, with its source and formula.) */
export const ${camel}: MakeBackbone = (parameters, shape, random, { hidden, dropout }) => {
  const deep = new Perceptron(parameters, 'deep', flatWidth(shape), hidden, random, { dropout, out: 1 });
  return {
    logits: (input, pass) => tf.add(input.linear, column(deep.apply(flatInput(input), pass))),
  };
};
`;

/** The test of a new backbone. */
export const backboneTest = ({ camel, file }) => `import { RandomStream } from '@palate/core';
import { ForwardPass, Parameters, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { ${camel} } from '../../src/ctr/${file}.js';
import type { CtrInput } from '../../src/ctr/ctr-input.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const SHAPE = { fields: 3, dimension: 2, numbers: 0, itemWidth: 2, extra: 0 };

/** Rows of numbers, the same for every call. */
function input(rows: number): CtrInput {
  const random = new RandomStream(5);
  const draw = (shape: number[]) =>
    tf.tensor(
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
      shape,
    );
  return {
    fields: draw([rows, 3, 2]) as tf.Tensor3D,
    linear: tf.zeros([rows]),
    numbers: tf.zeros([rows, 0]) as tf.Tensor2D,
    target: draw([rows, 2]) as tf.Tensor2D,
    history: draw([rows, 2, 2]) as tf.Tensor3D,
    present: tf.ones([rows, 2]) as tf.Tensor2D,
    extra: undefined,
  };
}

test('${file} gives a row one number, which moves every weight', () => {
  const parameters = new Parameters();
  const model = ${camel}(parameters, SHAPE, new RandomStream(1), { hidden: [4], dropout: 0, layers: 1 });
  const variables = parameters.names.map((name) => parameters.get(name));
  const { value, grads } = tf.variableGrads(
    () => tf.sum(tf.square(model.logits(input(6), ForwardPass.inference()))) as tf.Scalar,
    variables,
  );
  expect(Number.isFinite(value.dataSync()[0])).toBe(true);
  for (const variable of variables)
    expect(grads[variable.name]?.dataSync().some((slope) => slope !== 0), variable.name).toBe(true);
});
`;
