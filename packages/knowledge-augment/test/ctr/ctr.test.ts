import { EmbeddingTable, RandomStream, WORLD } from '@palate/core';
import { batchTensors, ForwardPass, Parameters, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ctrBatch } from '../../src/ctr/ctr-batch.js';
import type { CtrInput } from '../../src/ctr/ctr-input.js';
import { EntityInput } from '../../src/ctr/entity-input.js';
import { Perceptron } from '../../src/ctr/perceptron.js';
import {
  BACKBONES,
  type BackboneName,
  CtrModel,
  type CtrOptions,
  ctrSamples,
  encodeFeatures,
  KnowledgeAdaptor,
  shareOfSamples,
  splitByUsers,
} from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const dataset = madeUpFilms();
const { log } = dataset;
const samples = ctrSamples(log, { above: 3 });
const split = splitByUsers(samples, 1);
const features = encodeFeatures(
  dataset,
  [
    { name: 'id', of: 'item', kind: 'categorical' },
    { name: 'genres', of: 'item', kind: 'multi' },
    { name: 'year', of: 'item', kind: 'numeric' },
    { name: 'side', of: 'user', kind: 'categorical' },
  ],
  { users: new Uint8Array(log.users.size).fill(1), items: new Uint8Array(log.items.size).fill(1) },
);
const SMALL: Omit<CtrOptions, 'backbone'> = {
  features,
  dimension: 4,
  hidden: [8],
  batchSize: 64,
  epochs: 8,
  historyLength: 4,
  learningRate: 0.01,
  dropout: 0,
};

describe('each backbone', () => {
  for (const backbone of Object.keys(BACKBONES) as BackboneName[])
    it(`${backbone} learns what users of each side like, users that it never saw included`, async () => {
      const model = await CtrModel.fit(split.train, { ...SMALL, backbone, epochs: 20, seed: 1 });
      const { auc, logLoss } = await model.evaluate(split.test);
      expect(auc).toBeGreaterThan(0.9);
      expect(logLoss).toBeLessThan(0.45);
    });
});

/** Inputs with numbers to be computed by hand. */
function input(fields: number[][], extra: Partial<CtrInput> = {}): CtrInput {
  return {
    fields: tf.tensor3d([fields]),
    linear: tf.tensor1d([0]),
    numbers: tf.zeros([1, 0]) as tf.Tensor2D,
    target: tf.tensor2d([[1, 2]]),
    history: tf.tensor3d([
      [
        [1, 0],
        [5, 5],
      ],
    ]),
    present: tf.tensor2d([[1, 0]]),
    ...extra,
  };
}
const SHAPE = { fields: 3, dimension: 2, numbers: 0, itemWidth: 2 };
const zero = (parameters: Parameters, prefix: string): void => {
  for (const name of parameters.names)
    if (name.startsWith(prefix)) parameters.get(name).assign(tf.zerosLike(parameters.get(name)));
};
const OPTIONS = { hidden: [4], dropout: 0, layers: 1 };

describe('parts of backbones', () => {
  it('DeepFM sums the products of all pairs of fields', () => {
    const parameters = new Parameters();
    const model = BACKBONES.deepfm(parameters, SHAPE, new RandomStream(1), OPTIONS);
    zero(parameters, 'deep');
    const logits = model.logits(
      input(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        { linear: tf.tensor1d([0.5]) },
      ),
      ForwardPass.inference(),
    );
    // <(1,2),(3,4)> + <(1,2),(5,6)> + <(3,4),(5,6)> = 11 + 17 + 39
    expect(logits.dataSync()[0]).toBeCloseTo(67.5, 4);
  });

  it('DCN’s cross layers are x0 (x w) + b + x, and x0 * (W x + b) + x in the second version', () => {
    const shape = { ...SHAPE, fields: 1 };
    const run = (name: 'dcnv1' | 'dcnv2', kernel: number[], shapeOf: number[]): number => {
      const parameters = new Parameters();
      const model = BACKBONES[name](parameters, shape, new RandomStream(1), OPTIONS);
      parameters.get('cross-1.kernel').assign(tf.tensor(kernel, shapeOf));
      parameters.get('cross-1.bias').assign(tf.tensor1d([0.5, 1]));
      zero(parameters, 'deep');
      // The output adds both entries of the cross network's result.
      parameters.get('out.kernel').assign(tf.tensor2d([[1], [1], [0], [0], [0], [0]]));
      return model.logits(input([[2, 3]]), ForwardPass.inference()).dataSync()[0] as number;
    };
    // x w = 2 + 3 * 2 = 8: (2, 3) * 8 + (0.5, 1) + (2, 3)
    expect(run('dcnv1', [1, 2], [2, 1])).toBeCloseTo(16 + 24 + 1.5 + 5, 4);
    // W x + b = (2 + 6 + 0.5, 4 + 0 + 1) for the kernel [[1, 2], [2, 0]]: (2 * 8.5 + 2, 3 * 5 + 3)
    expect(run('dcnv2', [1, 2, 2, 0], [2, 2])).toBeCloseTo(19 + 18, 4);
  });

  it('DIN and DIEN do not look at padding', () => {
    for (const name of ['din', 'dien'] as const) {
      const model = BACKBONES[name](new Parameters(), SHAPE, new RandomStream(2), OPTIONS);
      const fields = [
        [1, 2],
        [3, 4],
        [5, 6],
      ];
      const at = (padding: number[]): number =>
        model
          .logits(
            input(fields, { history: tf.tensor3d([[padding, [1, 0]]]), present: tf.tensor2d([[0, 1]]) }),
            ForwardPass.inference(),
          )
          .dataSync()[0] as number;
      expect(at([9, -9])).toBeCloseTo(at([0, 0]), 5);
    }
  });

  it('let every field interact with every other, also where the deep part is left out', () => {
    for (const name of Object.keys(BACKBONES) as BackboneName[]) {
      const parameters = new Parameters();
      const model = BACKBONES[name](parameters, SHAPE, new RandomStream(3), OPTIONS);
      // What these have beside their MLP: the products of fields, which FiBiNET hands to the MLP.
      if (['deepfm', 'xdeepfm', 'dcnv1', 'dcnv2', 'autoint'].includes(name)) zero(parameters, 'deep');
      const at = (first: number, last: number): number =>
        model
          .logits(
            input([
              [first, 1],
              [3, -1],
              [last, 1],
            ]),
            ForwardPass.inference(),
          )
          .dataSync()[0] as number;
      // The mixed second difference of a sum of functions of single fields is 0.
      expect(Math.abs(at(4, 4) - at(4, -4) - at(-4, 4) + at(-4, -4)), name).toBeGreaterThan(1e-3);
    }
  });
});

describe('EntityInput', () => {
  it('averages several categories, and reads the history of before the sample alone', () => {
    const parameters = new Parameters();
    const embedding = new EntityInput(
      parameters,
      { dimension: 4, historyLength: 3, dropout: 0 },
      { users: log.users, items: log.items, features },
      new RandomStream(1),
    );
    const at = samples.position.indexOf(2);
    const batch = ctrBatch(samples, [at], 1, 3);
    expect([...(batch.present?.values ?? [])]).toEqual([0, 1, 1]);
    const own = log.history(samples.user[at] as number);
    expect([...(batch.history?.values ?? [])].slice(1)).toEqual([own[0], own[1]]);
    const { fields, target } = embedding.apply(batchTensors(batch), ForwardPass.inference());
    expect(fields.shape).toEqual([1, 5, 4]);
    const genre = parameters.get('item.genres.vectors.table').arraySync() as number[][];
    const codes = features.item[1]?.codes.subarray(
      (samples.item[at] as number) * 6,
      (samples.item[at] as number) * 6 + 6,
    );
    const there = [...(codes ?? [])].filter((code) => code > 0);
    const mean = there.reduce((sum, code) => sum + (genre[code]?.[0] as number), 0) / there.length;
    expect((target.arraySync() as number[][])[0]?.[4]).toBeCloseTo(mean, 5);
  });
});

describe('KnowledgeAdaptor', () => {
  const build = (options = {}) => {
    const parameters = new Parameters();
    const adaptor = new KnowledgeAdaptor(parameters, { user: 3, item: 3 }, new RandomStream(1), {
      shared: 1,
      dedicated: 1,
      widths: [2],
      dropout: 0,
      ...options,
    });
    return { parameters, adaptor };
  };

  it('mixes shared and own experts by a softmax gate on the knowledge', () => {
    const { parameters, adaptor } = build({ temperature: 2 });
    const set = (name: string, values: number[], shape: number[]) =>
      parameters.get(name).assign(tf.tensor(values, shape));
    set('shared-1-1.kernel', [1, 0, 0, 0, 0, 0], [3, 2]);
    set('user.expert-1-1.kernel', [0, 0, 0, 1, 0, 0], [3, 2]);
    set('user.gate.kernel', [2, 0, 0, 0, 0, 0], [3, 2]);
    const [vector] = adaptor
      .apply('user', tf.tensor2d([[1, 3, 0]]), ForwardPass.inference())
      .arraySync() as number[][];
    // Gate: softmax((2, 0) / 2); experts (1, 0) and (0, 3).
    const shared = Math.E / (Math.E + 1);
    expect(vector?.[0]).toBeCloseTo(shared, 5);
    expect(vector?.[1]).toBeCloseTo(3 * (1 - shared), 5);
  });

  it('lets the loss reach every part of it', () => {
    const { parameters, adaptor } = build();
    const x = tf.tensor2d([
      [1, 2, 3],
      [-1, 0.5, 2],
      [3, -2, 1],
      [0.3, 1, -2],
    ]);
    const pass = ForwardPass.inference();
    const { grads } = tf.variableGrads(
      () =>
        tf.sum(
          tf.square(tf.add(adaptor.apply('user', x, pass), tf.mul(adaptor.apply('item', x, pass), 2))),
        ) as tf.Scalar,
    );
    for (const name of parameters.names) {
      const gradient = grads[parameters.get(name).name]?.dataSync() as Float32Array;
      expect(Math.max(...gradient.map(Math.abs)), name).toBeGreaterThan(0);
    }
  });

  it('is an MLP or a linear map for the ablations', () => {
    expect(
      build({ kind: 'mlp', shared: undefined, dedicated: undefined }).parameters.names.some((name) =>
        name.includes('gate'),
      ),
    ).toBe(false);
    const { adaptor } = build({ kind: 'linear', shared: undefined, dedicated: undefined });
    const out = adaptor
      .apply(
        'item',
        tf.tensor2d([
          [1, 1, 1],
          [2, 2, 2],
        ]),
        ForwardPass.inference(),
      )
      .arraySync() as number[][];
    expect(out[1]?.[0]).toBeCloseTo(2 * (out[0]?.[0] as number), 5);
  });
});

describe('knowledge', () => {
  it('pays where it says what the features do not: films without ids, described by their vectors', async () => {
    const width = 4;
    const random = new RandomStream(5);
    const vectors = new EmbeddingTable(
      log.items,
      width,
      Float32Array.from(
        [...log.items].flatMap((id) => [
          Number(id.slice(1)) % 2 === 0 ? 1 : -1,
          random.normal(),
          random.normal(),
          random.normal(),
        ]),
      ),
      WORLD,
    );
    const bare = encodeFeatures(
      dataset,
      [
        { name: 'side', of: 'user', kind: 'categorical' },
        { name: 'title', of: 'item', kind: 'categorical', hashSize: 1 },
      ],
      { users: new Uint8Array(log.users.size).fill(1), items: new Uint8Array(log.items.size).fill(1) },
    );
    const options: CtrOptions = { ...SMALL, features: bare, backbone: 'dcnv2', seed: 2 };
    const without = await CtrModel.fit(split.train, options);
    const withIt = await CtrModel.fit(split.train, { ...options, knowledge: { item: vectors } });
    expect((await without.evaluate(split.test)).auc).toBeLessThan(0.65);
    expect((await withIt.evaluate(split.test)).auc).toBeGreaterThan(0.9);
    expect(withIt.parameterCount).toBeGreaterThan(without.parameterCount);
  });

  it('gives the same numbers for the same seed', async () => {
    const options: CtrOptions = { ...SMALL, backbone: 'din', epochs: 1, dropout: 0.3, seed: 4 };
    const first = await (await CtrModel.fit(split.train, options)).predict(split.test);
    const second = await (await CtrModel.fit(split.train, options)).predict(split.test);
    expect(second).toEqual(first);
  });

  it('shares of samples lie within larger ones', () => {
    const key = (part: typeof samples) => Array.from(part.user, (user, k) => `${user} ${part.position[k]}`);
    const small = key(shareOfSamples(samples, 0.1, 3));
    const large = new Set(key(shareOfSamples(samples, 0.5, 3)));
    expect(small.length).toBe(Math.round(samples.user.length / 10));
    expect(small.every((each) => large.has(each))).toBe(true);
  });
});

describe('Perceptron', () => {
  it('has as many parameters as its widths say', () => {
    const parameters = new Parameters();
    new Perceptron(parameters, 'p', 3, [5, 2], new RandomStream(0), { out: 1 });
    expect(parameters.count).toBe(3 * 5 + 5 + 5 * 2 + 2 + 2 + 1);
  });
});
