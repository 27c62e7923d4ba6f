import { RandomStream, type TensorData } from '@palate/core';
import { ForwardPass, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { GRAPH_MODELS, type GraphModel, SCORING_FUNCTIONS } from '../../src/index.js';
import { TripleNetwork } from '../../src/models/triple-network.js';

beforeAll(async () => {
  await selectBackend('ort');
});

/** Two items and a user, two relations, vectors of two numbers. */
const SHAPE = { items: 2, entities: 3, relations: 2, width: 2, deviation: 0.1 };
const USER = 2;

/** The three vectors; the user is (1, 0), the items (0, 1) and (0.5, 0.5). Biases: .1, .2 and .3. */
const VECTORS = [0, 1, 0.5, 0.5, 1, 0];
const BIASES = [0.1, 0.2, 0.3];

/** Numbers that each table holds, by name: relation 0 first. */
const TABLES: Readonly<Record<string, readonly number[]>> = {
  'entity.vector': VECTORS,
  'entity.bias': BIASES,
  'relation.weight': [2, 3, 1, 1],
  'relation.translation': [0.25, 0.5, 0, 1],
  'relation.normal': [0, 2, 1, 0],
  'relation.angle': [Math.PI / 2, 0],
  'relation.rotation': [Math.PI / 2, 0],
  'relation.reflection': [Math.PI, 0],
  'relation.transform': [2, 3, 1, 1],
  'relation.attention': [Math.SQRT2, 0, 0, 0],
  'entity.attention': [0, 0, 0, 0, 0, Math.SQRT2],
  'entity.blend': [0, 0, Math.log(3)],
};

function threeEntities(model: GraphModel): TripleNetwork {
  const network = new TripleNetwork(SCORING_FUNCTIONS[model], SHAPE, new RandomStream(1));
  const values = Object.fromEntries(
    network.parameters.names.map((name): [string, TensorData] => [
      name,
      {
        shape: network.parameters.get(name).shape,
        values: Float32Array.from(TABLES[name] ?? []),
      },
    ]),
  );
  network.parameters.assign(values, 'the test');
  return network;
}

const scoresOf = (network: TripleNetwork, head: number, relation: number, tails: number[]): number[] =>
  tf.tidy(() => [
    ...network
      .score(
        tf.tensor1d([head], 'int32'),
        tf.tensor1d([relation], 'int32'),
        tf.tensor2d([tails], undefined, 'int32'),
        ForwardPass.inference(),
      )
      .dataSync(),
  ]);

/** Distance in the Poincaré ball of points on one line through the origin, given by their tangent vectors' lengths. */
const onLine = (a: number, b: number): number => 2 * Math.abs(a - b);

/**
 * Scores of the user with both items in relation 0, worked out by hand from the tables above, without the biases: for
 * item 0 at (0, 1) and item 1 at (.5, .5).
 */
const BY_HAND: Readonly<
  Record<Exclude<GraphModel, 'mur-hyperbolic' | 'hyper-ml'>, readonly [number, number]>
> = {
  // (1, 0) with (0, 1) and (.5, .5)
  bpr: [0, 0.5],
  // coordinates weighed by 2 and 3
  'dist-mult': [0, 2 * 0.5],
  // (1.25, .5) to (0, 1) and (.5, .5)
  'trans-e': [-Math.hypot(1.25, 0.5), -0.75],
  // The hyperplane takes the second coordinate away from head and tail: (1, 0) + (.25, .5) to (0, 0) and (.5, 0).
  'trans-h': [-(1.25 ** 2 + 0.5 ** 2), -(0.75 ** 2 + 0.5 ** 2)],
  // A quarter turn takes (1, 0) to (0, 1).
  'rotat-e': [0, -Math.hypot(0.5, 0.5)],
  // Turned: (0, 1). Mirrored at the line of a quarter turn: (-1, 0). Attention (sqrt 2, 0) over sqrt 2: weights e^0 and e^-1.
  'rot-ref': (() => {
    const w = 1 / (1 + Math.exp(-1));
    const [x, y] = [-(1 - w) + 0.25, w + 0.5];
    return [-(x ** 2 + (y - 1) ** 2), -((x - 0.5) ** 2 + (y - 0.5) ** 2)] as const;
  })(),
  // (2, 0) to (.25, 1.5) and (.75, 1)
  mur: [-(1.75 ** 2 + 1.5 ** 2), -(1.25 ** 2 + 1)],
  // Left: (0, 1), (-1, 0) and the stretched (2, 0), by weights e^0, e^-1, e^2. Right: the user attends to the
  // translations (.25, .5) and (0, 1) by their second coordinate, e^.5 and e^1, and keeps 3/4 of its own relation.
  'user-attentive': (() => {
    const weights = [1, Math.exp(-1), Math.exp(2)] as const;
    const sum = weights[0] + weights[1] + weights[2];
    const [x, y] = [(-weights[1] + 2 * weights[2]) / sum, weights[0] / sum];
    const own = Math.exp(0.5) / (Math.exp(0.5) + Math.E);
    const mean = [0.25 * own, 0.5 * own + (1 - own)] as const;
    const shift = [0.75 * 0.25 + 0.25 * mean[0], 0.75 * 0.5 + 0.25 * mean[1]] as const;
    return [
      -((x - shift[0]) ** 2 + (y - shift[1] - 1) ** 2),
      -((x - shift[0] - 0.5) ** 2 + (y - shift[1] - 0.5) ** 2),
    ] as const;
  })(),
};

describe('scores on a graph of three entities', () => {
  for (const [model, expected] of Object.entries(BY_HAND) as [GraphModel, readonly [number, number]][])
    test(`of ${SCORING_FUNCTIONS[model].label} are those worked out by hand`, () => {
      const scores = scoresOf(threeEntities(model), USER, 0, [0, 1]);
      expect(scores[0]).toBeCloseTo(expected[0] + 0.3 + 0.1, 5);
      expect(scores[1]).toBeCloseTo(expected[1] + 0.3 + 0.2, 5);
    });

  /** Complex numbers stand for points of the plane: Möbius addition is `(x + y) / (1 + conj(x) y)`. */
  const add = (x: readonly [number, number], y: readonly [number, number]): [number, number] => {
    const top = [x[0] + y[0], x[1] + y[1]] as const;
    const below = [1 + x[0] * y[0] + x[1] * y[1], x[0] * y[1] - x[1] * y[0]] as const;
    const size = below[0] ** 2 + below[1] ** 2;
    return [(top[0] * below[0] + top[1] * below[1]) / size, (top[1] * below[0] - top[0] * below[1]) / size];
  };
  const exp = (v: readonly [number, number]): [number, number] => {
    const length = Math.hypot(...v) || 1;
    return [(Math.tanh(length) * v[0]) / length, (Math.tanh(length) * v[1]) / length];
  };
  const apart = (x: readonly [number, number], y: readonly [number, number]): number =>
    2 * Math.atanh(Math.hypot(...add([-x[0], -x[1]], y)));

  test('of HyperML are distances in the Poincaré ball', () => {
    const [first, second] = scoresOf(threeEntities('hyper-ml'), USER, 0, [0, 1]);
    expect(first).toBeCloseTo(-(apart(exp([1, 0]), exp([0, 1])) ** 2) + 0.4, 4);
    expect(second).toBeCloseTo(-(apart(exp([1, 0]), exp([0.5, 0.5])) ** 2) + 0.5, 4);
  });
  test('of hyperbolic MuR stretch heads in the tangent space and move tails by Möbius addition', () => {
    const [first, second] = scoresOf(threeEntities('mur-hyperbolic'), USER, 0, [0, 1]);
    const translation = exp([0.25, 0.5]);
    expect(first).toBeCloseTo(-(apart(exp([2, 0]), add(exp([0, 1]), translation)) ** 2) + 0.4, 3);
    expect(second).toBeCloseTo(-(apart(exp([2, 0]), add(exp([0.5, 0.5]), translation)) ** 2) + 0.5, 3);
    expect(apart(exp([1, 0]), exp([3, 0]))).toBeCloseTo(onLine(1, 3), 9);
  });
  test('of relations that are not interactions take their own tables', () => {
    // Relation 1: weights 1 and 1; translation (0, 1).
    expect(scoresOf(threeEntities('dist-mult'), 0, 1, [1])[0]).toBeCloseTo(0.5 + 0.3, 5);
    expect(scoresOf(threeEntities('trans-e'), 0, 1, [1])[0]).toBeCloseTo(-Math.hypot(0.5, 1.5) + 0.3, 5);
    // UserAttentive blends for interactions alone: attention 0 weighs the turned (0, 1), mirrored (0, -1) and same (0, 1) alike.
    const third = 1 / 3;
    expect(scoresOf(threeEntities('user-attentive'), 0, 1, [1])[0]).toBeCloseTo(
      -(0.5 ** 2 + (third - 1 - 0.5) ** 2) + 0.3,
      5,
    );
  });
});

describe('one product of matrices', () => {
  for (const model of GRAPH_MODELS)
    test(`gives the catalogue the scores of single triples by ${SCORING_FUNCTIONS[model].label}`, () => {
      const shape = { items: 7, entities: 12, relations: 3, width: 6, deviation: 0.7 };
      const network = new TripleNetwork(SCORING_FUNCTIONS[model], shape, new RandomStream(5));
      for (const user of [7, 9, 10]) {
        const single = scoresOf(network, user, 0, [0, 1, 2, 3, 4, 5, 6]);
        const all = tf.tidy(() =>
          network.scoreItems(network.rowsOfEntities(tf.tensor1d([user], 'int32'))).dataSync(),
        );
        for (const [item, score] of single.entries()) expect(all[item]).toBeCloseTo(score, 4);
      }
      network.parameters.dispose();
    });
});

describe('gradients', () => {
  for (const model of GRAPH_MODELS)
    test(`of ${SCORING_FUNCTIONS[model].label} are those of finite differences`, async () => {
      const shape = { items: 3, entities: 6, relations: 2, width: 4, deviation: 0.6 };
      const network = new TripleNetwork(SCORING_FUNCTIONS[model], shape, new RandomStream(3));
      const { parameters } = network;
      const loss = (): tf.Scalar =>
        tf.sum(
          tf.softplus(
            network.score(
              tf.tensor1d([4, 0], 'int32'),
              tf.tensor1d([0, 1], 'int32'),
              tf.tensor2d(
                [
                  [1, 2],
                  [3, 1],
                ],
                undefined,
                'int32',
              ),
              ForwardPass.inference(),
            ),
          ),
        );
      const variables = parameters.names.map((name) => parameters.get(name));
      const { grads } = tf.variableGrads(loss, variables);
      const step = 2e-3;
      let compared = 0;
      const start = await parameters.values();
      for (const [name, { shape: extents, values }] of Object.entries(start)) {
        const gradient = grads[parameters.get(name).name]?.dataSync();
        for (let k = 0; k < values.length; k += 3) {
          const at = (change: number): number => {
            const changed = Float32Array.from(values as Float32Array);
            changed[k] = (changed[k] as number) + change;
            parameters.assign({ ...start, [name]: { shape: extents, values: changed } }, 'the test');
            return tf.tidy(() => loss().dataSync()[0] as number);
          };
          const difference = (at(step) - at(-step)) / (2 * step);
          expect(Math.abs((gradient?.[k] ?? 0) - difference), `${name}[${k}]`).toBeLessThan(
            2e-3 + 0.01 * Math.abs(difference),
          );
          if (Math.abs(difference) > 0.01) compared++;
        }
        parameters.assign(start, 'the test');
      }
      expect(compared).toBeGreaterThan(5);
      parameters.dispose();
    });
});
