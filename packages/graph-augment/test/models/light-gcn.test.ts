import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  type Dataset,
  InteractionLog,
  ItemEdges,
  RandomStream,
  WORLD,
  withLog,
} from '@palate/core';
import {
  alteredArtifactConformance,
  retrieverConformance,
  savedSettingsConformance,
} from '@palate/core/testing';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { kCore, leaveOneOut } from '@palate/datasets';
import { Parameters, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { bipartiteGraph, LightGcn, Rp3Beta } from '../../src/index.js';
import { NeighbourSums } from '../../src/models/neighbour-sums.js';
import { PropagatedTable } from '../../src/models/propagated-table.js';

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

  const { log } = small;
  const graph = bipartiteGraph(
    log,
    ItemEdges.fromPairs(log.items, { source: [0, 3], target: [5, 4] }, WORLD),
  );
  const { nodes, offsets, targets } = graph;
  const WIDTH = 11;
  const drawn = (seed: number): Float32Array =>
    Float32Array.from({ length: nodes * WIDTH }, (_, k) => Math.sin(seed * (k + 1)));
  /** The normalised adjacency as a dense matrix, times rows. */
  const times = (x: ArrayLike<number>): Float64Array => {
    const degree = (node: number): number => (offsets[node + 1] as number) - (offsets[node] as number);
    const product = new Float64Array(nodes * WIDTH);
    for (let node = 0; node < nodes; node++)
      for (let p = offsets[node] as number; p < (offsets[node + 1] as number); p++) {
        const other = targets[p] as number;
        for (let column = 0; column < WIDTH; column++)
          product[node * WIDTH + column] =
            (product[node * WIDTH + column] as number) +
            (x[other * WIDTH + column] as number) / Math.sqrt(degree(node) * degree(other));
      }
    return product;
  };
  const expectRows = (actual: ArrayLike<number>, expected: ArrayLike<number>): void => {
    expect(actual.length).toBe(expected.length);
    for (let k = 0; k < expected.length; k++) expect(actual[k]).toBeCloseTo(expected[k] as number, 5);
  };

  test('averages along the edges as the dense product of matrices does: of all nodes, for some, and from some', () => {
    const sums = new NeighbourSums(graph, WIDTH);
    const x = drawn(1);
    const out = new Float32Array(nodes * WIDTH);
    sums.apply(x, out);
    expectRows(out, times(x));
    const some = Int32Array.of(nodes - 1, 0, 7);
    const rowsAt = (of: ArrayLike<number>): number[] =>
      [...some].flatMap((node) => Array.from({ length: WIDTH }, (_, k) => of[node * WIDTH + k] as number));
    const at = new Float32Array(some.length * WIDTH);
    sums.applyAt(x, some, at);
    expectRows(at, rowsAt(times(x)));
    const only = new Float32Array(nodes * WIDTH);
    for (const node of some) only.set(x.subarray(node * WIDTH, (node + 1) * WIDTH), node * WIDTH);
    sums.applyFrom(Float32Array.from(rowsAt(x)), some, out);
    expectRows(out, times(only));
  });

  for (const layers of [1, 2, 3])
    test(`gives the vectors of a batch after ${layers} layers, and the gradient of finite differences`, () => {
      const parameters = new Parameters();
      parameters.add('table', [nodes, WIDTH], () => drawn(2), new RandomStream(0));
      const table = new PropagatedTable(parameters, 'table', new NeighbourSums(graph, WIDTH), layers);
      const batch = {
        heads: { shape: [2], values: Int32Array.of(nodes - 1, 14) },
        tails: { shape: [2, 2], values: Int32Array.of(0, 3, 3, 5) },
      };
      const finalOf = (x: ArrayLike<number>): Float64Array => {
        const sum = Float64Array.from(x);
        let layer: ArrayLike<number> = x;
        for (let k = 0; k < layers; k++) {
          layer = times(layer);
          for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] as number) + (layer[at] as number);
        }
        return sum.map((value) => value / (layers + 1));
      };
      const given = table.forward(batch);
      const x = drawn(2);
      const expected: Record<string, Float64Array> = { start: Float64Array.from(x), final: finalOf(x) };
      const weights: Record<string, Float32Array> = {};
      for (const [name, { values }] of Object.entries(given)) {
        const [kind = '', , entry = ''] = name.split(' ');
        const asked = batch[entry as 'heads' | 'tails'].values;
        expectRows(
          values,
          [...asked].flatMap((node) => [
            ...(expected[kind] as Float64Array).subarray(node * WIDTH, (node + 1) * WIDTH),
          ]),
        );
        weights[name] = Float32Array.from(values, (_, k) => Math.cos(k + name.length));
      }
      // A loss that weighs every number given: by finite differences in the dense product.
      const loss = (of: ArrayLike<number>): number => {
        const rows: Record<string, ArrayLike<number>> = { start: of, final: finalOf(of) };
        let sum = 0;
        for (const [name, weight] of Object.entries(weights)) {
          const [kind = '', , entry = ''] = name.split(' ');
          const asked = batch[entry as 'heads' | 'tails'].values;
          for (let k = 0; k < weight.length; k++)
            sum +=
              (weight[k] as number) *
              ((rows[kind] as ArrayLike<number>)[
                (asked[Math.floor(k / WIDTH)] as number) * WIDTH + (k % WIDTH)
              ] as number);
        }
        return sum;
      };
      const gradient = Float32Array.from(table.gradientOf(weights));
      for (let at = 0; at < gradient.length; at += 7) {
        const [up, down] = [Float64Array.from(x), Float64Array.from(x)];
        up[at] = (up[at] as number) + 0.5;
        down[at] = (down[at] as number) - 0.5;
        expect(gradient[at]).toBeCloseTo(loss(up) - loss(down), 4);
      }
      parameters.dispose();
    });

  test('goes on from a checkpoint to the numbers of an unbroken run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'palate-light-gcn-'));
    const options = { ...SMALL, epochs: 4, seed: 3 };
    const whole = await LightGcn.fit(small, options);
    const controller = new AbortController();
    const checkpoint = { dir: join(folder, 'checkpoint') };
    await expect(
      LightGcn.fit(small, {
        ...options,
        checkpoint,
        signal: controller.signal,
        onProgress: ({ phase }) => {
          if (phase.startsWith('epoch 3 ')) controller.abort();
        },
      }),
    ).rejects.toMatchObject({ code: 'cancelled' });
    const resumed = await LightGcn.fit(small, { ...options, checkpoint });
    expect(resumed.history.length).toBe(4);
    const asked = [{ user: 'u3' }, { history: [1, 4] }];
    expect(await resumed.scoreAll(asked)).toEqual(await whole.scoreAll(asked));
    await rm(folder, { recursive: true });
  });

  test('serves the weights of the best epoch by the validation', async () => {
    const split = leaveOneOut(small.log);
    const train = withLog(small, split.train);
    const options = { ...SMALL, epochs: 40, learningRate: 0.1, seed: 1 };
    const { validation } = split;
    const stopped = await LightGcn.fit(train, { ...options, validation, patience: 3 });
    const values = stopped.history.map(({ metrics }) => metrics['ndcg@10'] ?? 0);
    const best = values.indexOf(Math.max(...values)) + 1;
    expect(best).toBeLessThan(stopped.history.length);
    const exact = await LightGcn.fit(train, { ...options, epochs: best });
    const asked = [{ user: 'u3' }, { history: [1, 4] }];
    expect(await stopped.scoreAll(asked)).toEqual(await exact.scoreAll(asked));
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
