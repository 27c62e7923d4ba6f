import { RandomStream } from '@palate/core';
import { ForwardPass, Parameters, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ctrSamples,
  encodeFeatures,
  LIST_MODELS,
  type ListModelName,
  Reranker,
  rerankLists,
  rerankMetrics,
  splitByUsers,
} from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const dataset = madeUpFilms(80, 40, 16);
const { log } = dataset;
const split = splitByUsers(ctrSamples(log, { above: 3 }), 2);

describe('rerankMetrics', () => {
  it('are those of a list computed by hand', () => {
    // Order by score: positions 2, 0, 1, 3 with labels 0, 1, 0, 1.
    const { map, ndcg } = rerankMetrics([3, 2, 4, 1], [1, 0, 0, 1], 4, [1, 3, 4]);
    expect(map[1]).toBe(0);
    expect(map[3]).toBeCloseTo(1 / 2 / 2, 9);
    expect(map[4]).toBeCloseTo((1 / 2 + 2 / 4) / 2, 9);
    const ideal = 1 + 1 / Math.log2(3);
    expect(ndcg[4]).toBeCloseTo((1 / Math.log2(3) + 1 / Math.log2(5)) / ideal, 9);
  });
  it('give a model that scores everything alike nothing for a liked entry at the front', () => {
    const { ndcg, map } = rerankMetrics([1, 1, 1, 1], [1, 0, 0, 0], 4, [1, 3, 4]);
    expect([ndcg[1], ndcg[3], map[3]]).toEqual([0, 0, 0]);
    expect(ndcg[4]).toBeCloseTo(1 / Math.log2(5), 12);
  });
  it('refuse scores that are no numbers, and lists that are not whole', () => {
    expect(() => rerankMetrics([1, 2, Number.NaN, 1], [1, 0, 0, 1], 2)).toThrow(/NaN at list 1, position 0/);
    expect(() => rerankMetrics([1, 2, 3], [1, 0, 0], 2)).toThrow(/whole lists of 2/);
    expect(() => rerankMetrics([1, 2], [1, 0, 0, 1], 2)).toThrow(/2 scores and 4 labels/);
  });
});

describe('rerankLists', () => {
  it('hold what the user met and random items that the user did not, in an order that says nothing', () => {
    const lists = rerankLists(split.train, { length: 8, seed: 1 });
    let first = 0;
    for (let list = 0; list < lists.user.length; list++) {
      const items = [...lists.item.subarray(list * 8, (list + 1) * 8)];
      expect(new Set(items).size).toBe(8);
      const met = new Set(log.history(lists.user[list] as number));
      expect(items.filter((item) => met.has(item)).length).toBeLessThanOrEqual(4);
      for (const [k, item] of items.entries())
        if (lists.label[list * 8 + k]) expect(met.has(item)).toBe(true);
      if (lists.label[list * 8]) first++;
    }
    const share = lists.label.reduce((sum, label) => sum + label, 0) / lists.label.length;
    expect(Math.abs(first / lists.user.length - share)).toBeLessThan(0.15);
  });
});

describe('each list model', () => {
  const features = encodeFeatures(
    dataset,
    [
      { name: 'genres', of: 'item', kind: 'multi' },
      { name: 'side', of: 'user', kind: 'categorical' },
    ],
    { users: new Uint8Array(log.users.size).fill(1), items: new Uint8Array(log.items.size).fill(1) },
  );
  for (const model of Object.keys(LIST_MODELS) as ListModelName[])
    it(`${model} puts films of the user's genre in front`, async () => {
      const train = rerankLists(split.train, { length: 6 });
      const test = rerankLists(split.test, { length: 6 });
      const fitted = await Reranker.fit(train, {
        model,
        features,
        dimension: 4,
        epochs: 12,
        batchSize: 32,
        learningRate: 0.005,
        dropout: 0,
      });
      const { ndcg } = await fitted.evaluate(test);
      const random = new RandomStream(3);
      const chance = rerankMetrics(
        Float32Array.from(test.item, () => random.uniform()),
        test.label,
        6,
      );
      expect(ndcg[3] as number).toBeGreaterThan((chance.ndcg[3] as number) + 0.15);
    });

  for (const name of Object.keys(LIST_MODELS) as ListModelName[])
    it(`${name} does not look at padding, of lists or of histories`, () => {
      const model = LIST_MODELS[name](
        new Parameters(),
        { width: 3, itemWidth: 2, length: 3 },
        new RandomStream(4),
        0,
      );
      const at = (padding: number): number[] => {
        const found = model.scores(
          {
            entries: tf.tensor3d([
              [
                [1, 0, 2],
                [0, 3, 1],
                [padding, padding, padding],
              ],
            ]),
            present: tf.tensor2d([[1, 1, 0]]),
            items: tf.tensor3d([
              [
                [1, 0],
                [0, 3],
                [padding, padding],
              ],
            ]),
            history: tf.tensor3d([
              [
                [padding, padding],
                [1, 2],
              ],
            ]),
            met: tf.tensor2d([[0, 1]]),
          },
          ForwardPass.inference(),
        );
        return (found.arraySync()[0] as number[]).slice(0, 2);
      };
      const other = at(7);
      for (const [k, score] of at(0).entries()) expect(score).toBeCloseTo(other[k] as number, 4);
    });

  it('MIR scores by what the history says', () => {
    const model = LIST_MODELS.mir(
      new Parameters(),
      { width: 2, itemWidth: 2, length: 2 },
      new RandomStream(4),
      0,
    );
    const at = (history: number[]): number[] => {
      const entries = tf.tensor3d([
        [
          [1, 0],
          [0, 1],
        ],
      ]);
      const lists = {
        entries,
        present: tf.tensor2d([[1, 1]]),
        items: entries,
        history: tf.tensor3d([[history]]),
        met: tf.tensor2d([[1]]),
      };
      return model.scores(lists, ForwardPass.inference()).arraySync()[0] as number[];
    };
    const [first = 0, second = 0] = at([3, 0]);
    const [one = 0, two = 0] = at([0, 3]);
    expect(first - second).not.toBeCloseTo(one - two, 4);
  });

  it('of SetRank scores entries alike in any order, while PRM looks at places', () => {
    const scores = (name: ListModelName, order: number[]): number[] => {
      const shape = { width: 3, itemWidth: 2, length: 4 };
      const model = LIST_MODELS[name](new Parameters(), shape, new RandomStream(6), 0);
      const entries = [
        [1, 0, 2],
        [0, 3, 1],
        [2, 2, 0],
        [-1, 1, 1],
      ];
      const list = {
        entries: tf.tensor3d([order.map((k) => entries[k] as number[])]),
        present: tf.tensor2d([[1, 1, 1, 1]]),
        items: tf.tensor3d([order.map((k) => (entries[k] as number[]).slice(0, 2))]),
        history: tf.tensor3d([
          [
            [0, 0],
            [1, 2],
            [3, -1],
          ],
        ]),
        met: tf.tensor2d([[0, 1, 1]]),
      };
      const found = model.scores(list, ForwardPass.inference()).arraySync()[0] as number[];
      return entries.map((_, k) => found[order.indexOf(k)] as number);
    };
    const straight = scores('setrank', [0, 1, 2, 3]);
    for (const [k, score] of scores('setrank', [3, 1, 0, 2]).entries())
      expect(score).toBeCloseTo(straight[k] as number, 4);
    // MIR reads the candidates as a set too.
    const set = scores('mir', [0, 1, 2, 3]);
    for (const [k, score] of scores('mir', [3, 1, 0, 2]).entries())
      expect(score).toBeCloseTo(set[k] as number, 4);
    expect(scores('prm', [3, 1, 0, 2])[0]).not.toBeCloseTo(scores('prm', [0, 1, 2, 3])[0] as number, 4);
  });
});
