import {
  Catalog,
  createDataset,
  type Dataset,
  InteractionLog,
  ItemEdges,
  WORLD,
  withLog,
} from '@palate/core';
import {
  alteredArtifactConformance,
  retrieverConformance,
  savedSettingsConformance,
} from '@palate/core/testing';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { kCore } from '@palate/datasets';
import { Parameters, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { bipartiteGraph, LightGcn, Rp3Beta } from '../../src/index.js';
import { NeighbourSums } from '../../src/models/neighbour-sums.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const SMALL = { dimension: 8, epochs: 8, batchSize: 64, learningRate: 0.02 } as const;

const dataOf = (rows: { user: string; item: string }[]): Dataset => {
  const log = InteractionLog.fromRows(rows);
  const catalog = new Catalog({ items: log.items, text: {} });
  return createDataset({ name: 'small', log, catalog, licence: 'MIT', source: 'made up' });
};

const small = dataOf(
  Array.from({ length: 60 }, (_, k) => ({ user: `u${k % 10}`, item: `i${(k * 7 + (k % 3)) % 12}` })),
);

describe('LightGCN', () => {
  for (const { name, run } of retrieverConformance({
    fit: (data, options) => LightGcn.fit(data, { ...SMALL, ...options }),
    load: (dir) => LightGcn.load(dir),
    held: () => tf.memory().numTensors,
  }))
    test(name, run);
  for (const { name, run } of savedSettingsConformance({
    fit: () => LightGcn.fit(small, { ...SMALL, epochs: 1 }),
    load: (dir) => LightGcn.load(dir),
    forged: [{ dimension: 9 }, { dimension: 0 }, { layers: 0 }],
  }))
    test(name, run);
  for (const { name, run } of alteredArtifactConformance<LightGcn>({
    save: async (dir) => (await LightGcn.fit(small, { ...SMALL, epochs: 1 })).save(dir),
    load: (dir) => LightGcn.load(dir),
    use: async (gcn) => {
      const [list = []] = await gcn.retrieve([{ history: [0] }], 3);
      expect(list.every(({ score }) => Number.isFinite(score))).toBe(true);
    },
    changes: 30,
  }))
    test(name, run);

  test('averages along the edges as the dense product of matrices does, and so does its gradient', () => {
    const { log } = small;
    const edges = ItemEdges.fromPairs(log.items, { source: [0, 3], target: [5, 4] }, WORLD);
    const graph = bipartiteGraph(log, edges);
    const { nodes, offsets, targets } = graph;
    const dense = new Float64Array(nodes * nodes);
    const degree = (node: number): number => (offsets[node + 1] as number) - (offsets[node] as number);
    for (let node = 0; node < nodes; node++)
      for (let p = offsets[node] as number; p < (offsets[node + 1] as number); p++) {
        const other = targets[p] as number;
        dense[node * nodes + other] = 1 / Math.sqrt(degree(node) * degree(other));
      }
    const parameters = new Parameters();
    const sums = new NeighbourSums(graph, parameters);
    const x = Float32Array.from({ length: nodes * 2 }, (_, k) => Math.sin(k + 1));
    const weight = Float32Array.from({ length: nodes * 2 }, (_, k) => Math.cos(3 * k));
    const times = (vector: Float32Array): Float64Array =>
      Float64Array.from(vector, (_, k) => {
        const [row, column] = [Math.floor(k / 2), k % 2];
        let sum = 0;
        for (let other = 0; other < nodes; other++)
          sum += (dense[row * nodes + other] as number) * (vector[other * 2 + column] as number);
        return sum;
      });
    const given = tf.tensor2d(x, [nodes, 2]);
    const product = tf.tidy(() => [...sums.apply(given).dataSync()]);
    for (const [k, value] of times(x).entries()) expect(product[k]).toBeCloseTo(value, 5);
    const gradient = tf.tidy(() => [
      ...tf
        .grad((each: tf.Tensor) =>
          tf.sum(tf.mul(sums.apply(each as tf.Tensor2D), tf.tensor2d(weight, [nodes, 2]))),
        )(given)
        .dataSync(),
    ]);
    // The matrix is symmetric: the gradient of w A x is A w.
    for (const [k, value] of times(weight).entries()) expect(gradient[k]).toBeCloseTo(value, 5);
    given.dispose();
    parameters.dispose();
  });

  test('makes of a training history the vector that training made', async () => {
    const gcn = await LightGcn.fit(small, SMALL);
    const { log } = small;
    for (let user = 0; user < log.users.size; user++) {
      const id = log.users.idOf(user);
      const trained = await gcn.scoreAll([{ user: id }]);
      const told = await gcn.scoreAll([{ user: id, history: log.history(user) }]);
      for (const [k, value] of trained.entries()) expect(told[k]).toBeCloseTo(value, 5);
    }
  });
});

describe('RP3beta', () => {
  for (const { name, run } of retrieverConformance({
    fit: (data, options) => Rp3Beta.fit(data, options),
    load: (dir) => Rp3Beta.load(dir),
    quality: {
      // Of MovieTweetings the part in which everybody and every film has at least ten ratings.
      dataset: async () => {
        const films = await loadBundledMovieTweetings();
        return withLog(films, kCore(films.log, { users: 10, items: 10 }));
      },
      hitRate: 0.16,
    },
  }))
    test(name, run);
  for (const { name, run } of savedSettingsConformance({
    fit: () => Rp3Beta.fit(small),
    load: (dir) => Rp3Beta.load(dir),
    forged: [{ alpha: -1 }, { neighbours: 0 }, { edgeShare: 2 }],
  }))
    test(name, run);

  const three = dataOf([
    { user: 'u', item: 'a' },
    { user: 'u', item: 'b' },
    { user: 'v', item: 'a' },
    { user: 'v', item: 'b' },
    { user: 'v', item: 'c' },
    { user: 'w', item: 'd' },
  ]);
  test('has the weights of a walk worked out by hand', async () => {
    const [alpha, beta] = [0.8, 0.5];
    const walk = await Rp3Beta.fit(three, { alpha, beta });
    const scores = await walk.scoreAll([{ history: [0] }]);
    // From a (2 users) over u (2 items) and v (3 items) to b (2 users) and c (1 user).
    expect(scores[1]).toBeCloseTo((2 ** -alpha * (2 ** -alpha + 3 ** -alpha)) / 2 ** beta, 6);
    expect(scores[2]).toBeCloseTo((2 ** -alpha * 3 ** -alpha) / 1, 6);
    expect(scores[0]).toBe(0);
    expect(scores[3]).toBe(0);
  });
  test('takes edges in place of users, and keeps the mass', async () => {
    const { items } = three.log;
    const edges = ItemEdges.fromPairs(items, { source: [0, 0], target: [3, 1], weight: [3, 1] }, WORLD);
    const options = { alpha: 1, beta: 0 };
    const plain = await (await Rp3Beta.fit(three, options)).scoreAll([{ history: [0] }]);
    const augmented = await (
      await Rp3Beta.fit(three, { ...options, edgeShare: 0.4, relations: [{ name: 'alike', edges }] })
    ).scoreAll([{ history: [0] }]);
    const mass = plain.reduce((sum, value) => sum + value, 0);
    expect(augmented.reduce((sum, value) => sum + value, 0)).toBeCloseTo(mass, 6);
    expect(augmented[3]).toBeCloseTo(0.4 * mass * 0.75, 6);
    expect(augmented[1]).toBeCloseTo(0.6 * (plain[1] as number) + 0.4 * mass * 0.25, 6);
    expect(augmented[2]).toBeCloseTo(0.6 * (plain[2] as number), 6);
  });
});
