import { EmbeddingTable, RandomStream, WORLD } from '@palate/core';
import { batchTensors, ForwardPass, Parameters, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ctrBatch } from '../../src/ctr/ctr-batch.js';
import { EntityInput } from '../../src/ctr/entity-input.js';
import {
  type BackboneName,
  CtrModel,
  type CtrOptions,
  ctrSamples,
  encodeFeatures,
  splitByUsers,
} from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

beforeAll(async () => {
  await selectBackend('ort', { threads: 1 });
});

const dataset = madeUpFilms(100, 24, 12);
const { log } = dataset;
const samples = ctrSamples(log, { above: 3 });
const split = splitByUsers(samples, 1);
/** Features that say nothing: what is liked is in the knowledge alone. */
const bare = encodeFeatures(
  dataset,
  [
    { name: 'title', of: 'item', kind: 'categorical', hashSize: 1 },
    { name: 'side', of: 'user', kind: 'categorical', hashSize: 1 },
  ],
  { users: new Uint8Array(log.users.size).fill(1), items: new Uint8Array(log.items.size).fill(1) },
);

/** Vectors of which the first number is the side of an entity, and the others are chance. */
function sides(of: 'users' | 'items', hidden: (index: number) => boolean = () => false): EmbeddingTable {
  const random = new RandomStream(5).fork(of);
  const rows = Array.from(log[of], (id, index) => {
    const row = [Number(id.slice(1)) % 2 === 0 ? 1 : -1, random.normal() / 2, random.normal() / 2];
    return hidden(index) ? [0, 0, 0] : row;
  });
  return new EmbeddingTable(log[of], 3, Float32Array.from(rows.flat()), WORLD);
}
const OPTIONS: Omit<CtrOptions, 'backbone'> = {
  features: bare,
  dimension: 4,
  hidden: [8],
  batchSize: 64,
  epochs: 6,
  layers: 1,
  historyLength: 1,
  learningRate: 0.03,
  dropout: 0,
  seed: 2,
};

const SMALL_ADAPTOR = { widths: [8, 4], dropout: 0, shared: 1, dedicated: 1 };

describe('knowledge as fields', () => {
  for (const backbone of ['fibinet', 'xdeepfm', 'autoint'] as BackboneName[])
    it(`${backbone} multiplies what is known of users with what is known of items`, async () => {
      using without = await CtrModel.fit(split.train, { ...OPTIONS, backbone });
      using knowing = await CtrModel.fit(split.train, {
        ...OPTIONS,
        backbone,
        knowledge: { user: sides('users'), item: sides('items'), adaptor: SMALL_ADAPTOR },
      });
      const { auc } = await knowing.evaluate(split.test);
      expect(auc).toBeGreaterThan(0.9);
      expect(auc).toBeGreaterThan((await without.evaluate(split.test)).auc + 0.03);
    });

  const build = (adaptor = {}) => {
    const parameters = new Parameters();
    const input = new EntityInput(
      parameters,
      { dimension: 4, historyLength: 2, dropout: 0 },
      {
        users: log.users,
        items: log.items,
        features: bare,
        knowledge: {
          user: sides('users', (index) => index === samples.user[0]),
          item: sides('items'),
          adaptor: { widths: [6, 3], match: true, ...adaptor },
        },
      },
      new RandomStream(1),
    );
    return { parameters, input };
  };
  const some = batchTensors(
    ctrBatch(
      samples,
      Array.from({ length: 12 }, (_, k) => k),
      12,
      2,
    ),
  );

  it('adds nothing for an entity without a text, and the match of both sides', () => {
    const { input } = build();
    const { fields } = input.apply(some, ForwardPass.inference());
    // User and item field, mean of the history; knowledge of the user and of the item, and their product.
    expect(fields.shape).toEqual([12, 6, 4]);
    const rows = fields.arraySync() as number[][][];
    for (const [k, [, , , user = [], item = [], match = []]] of rows.entries()) {
      expect(user.every((value) => value === 0)).toBe(samples.user[k] === samples.user[0]);
      expect(item.some((value) => value !== 0)).toBe(true);
      for (const [d, value] of match.entries())
        expect(value).toBeCloseTo((user[d] as number) * (item[d] as number), 6);
    }
  });

  it('weighs the vector of an entity by a gate that can be shut', () => {
    const { parameters, input } = build();
    const known = (): number[] => {
      const rows = input.apply(some, ForwardPass.inference()).fields.arraySync() as number[][][];
      return rows.map(([, , , , item = []]) => Math.max(...item.map(Math.abs)));
    };
    const open = known();
    const bias = parameters.get('item.open.bias');
    bias.assign(tf.add(bias, -30));
    for (const [k, value] of known().entries()) expect(value).toBeLessThan(1e-6 * (open[k] as number));
    expect(build({ gate: false }).parameters.has('item.open.bias')).toBe(false);
  });

  it('is stored for serving: the same numbers, without the adaptor', async () => {
    const { parameters, input } = build();
    const before = input.apply(some, ForwardPass.inference());
    await input.store();
    const served = input.serve(some);
    for (const part of ['fields', 'linear', 'numbers', 'target', 'history', 'present'] as const) {
      const expected = before[part].dataSync();
      for (const [k, value] of served[part].dataSync().entries())
        expect(value).toBeCloseTo(expected[k] as number, 5);
    }
    const kernel = parameters.get('item.field.kernel');
    kernel.assign(tf.mul(kernel, 3));
    expect(input.serve(some).fields.dataSync()).toEqual(served.fields.dataSync());
    input.forget();
    expect(input.serve(some).fields.dataSync()).not.toEqual(served.fields.dataSync());
  });

  it('is learned to be shut out where it is noise: gates of told items are wider than those of garbled ones', async () => {
    // The third number says whether the first is to be believed.
    const random = new RandomStream(9);
    const rows = Array.from(log.items, (id, index) => {
      const side = Number(id.slice(1)) % 2 === 0 ? 1 : -1;
      return index % 3 === 0 ? [random.normal() * 2, random.normal() * 2, 1] : [side, 0, -1];
    });
    const garbled = new EmbeddingTable(log.items, 3, Float32Array.from(rows.flat()), WORLD);
    using model = await CtrModel.fit(samples, {
      ...OPTIONS,
      backbone: 'deepfm',
      epochs: 12,
      knowledge: { item: garbled, user: sides('users'), adaptor: SMALL_ADAPTOR },
    });
    const gates = await model.gates('item');
    const mean = (wanted: boolean): number => {
      const own = [...(gates as Float32Array)].filter((_, index) => (index % 3 === 0) === wanted);
      return own.reduce((sum, value) => sum + value, 0) / own.length;
    };
    expect(mean(false)).toBeGreaterThan(mean(true));
  });
});
