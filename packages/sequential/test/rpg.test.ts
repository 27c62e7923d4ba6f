// Codes predicted in parallel: scores are what training makes likely, and what comes next is learned, also for other catalogues.
import { EmbeddingTable, RandomStream, WORLD } from '@palate/core';
import { ForwardPass, Parameters, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { Rpg } from '../src/index.js';
import { ParallelCodes } from '../src/items/parallel-codes.js';
import { ring } from './ring.js';

beforeAll(() => selectBackend());

describe('items as codes that are predicted in parallel', () => {
  const SIZE = 3;
  /** Every pair of two codes: the items are all that can be said. */
  const codes = Int32Array.from({ length: 2 * SIZE * SIZE }, (_, at) =>
    at % 2 === 0 ? Math.floor(at / 2 / SIZE) : Math.floor(at / 2) % SIZE,
  );
  const parameters = new Parameters();

  test('have chances that sum to 1 over all IDs, and cost what their chance says', () => {
    const random = new RandomStream(3);
    const items = new ParallelCodes(
      parameters,
      { codes, positions: 2, size: SIZE, tensors: {} },
      4,
      0.5,
      random,
    );
    const drawn = (shape: number[]): tf.Tensor =>
      tf.tensor(
        Float32Array.from({ length: shape.reduce((product, each) => product * each) }, () => random.normal()),
        shape,
      );
    parameters.get('heads.kernel').assign(drawn([4, 8]));
    parameters.get('heads.bias').assign(drawn([8]));
    const pass = ForwardPass.inference();
    const states = drawn([2, 4]) as tf.Tensor2D;
    const scores = items.scores(states, pass).arraySync();
    for (const row of scores) expect(row.reduce((sum, each) => sum + Math.exp(each), 0)).toBeCloseTo(1, 5);
    // Heads differ, so that the order of codes matters.
    expect(scores[0]?.[1]).not.toBeCloseTo(scores[0]?.[3] as number, 3);
    const next = tf.tensor1d([5, 7], 'int32');
    const loss = items.loss(states, next, tf.tensor1d([1, 3]), 1, pass).dataSync()[0];
    expect(loss).toBeCloseTo(-((scores[0]?.[5] as number) + 3 * (scores[1]?.[7] as number)) / 2, 4);
    parameters.dispose();
  });
});

test('RPG learns what comes next in a ring, and carries it to items that nobody has used', async () => {
  const dataset = ring(60, 12, 9);
  const { items } = dataset.log;
  /** Where an item lies on the ring, in numbers that a code each can hold. */
  const vectors = new EmbeddingTable(
    items,
    12,
    Float32Array.from({ length: items.size * 12 }, (_, at) =>
      items.idOf(Math.floor(at / 12)) === `i${at % 12}` ? 1 : 0,
    ),
    WORLD,
  );
  using rpg = await Rpg.fit(dataset, {
    vectors,
    codes: 4,
    codeValues: 12,
    dimension: 16,
    blocks: 1,
    maxLength: 8,
    batchSize: 32,
    epochs: 20,
    learningRate: 0.01,
    packs: true,
  });
  const queries = Array.from({ length: 12 }, (_, k) => ({
    history: [k, k + 1, k + 2].map((each) => items.indexOf(`i${each % 12}`)),
  }));
  const lists = await rpg.retrieve(queries, 1);
  expect(lists.map(([first]) => items.idOf(first?.item ?? 0))).toEqual(
    queries.map((_, k) => `i${(k + 3) % 12}`),
  );
  // The same goods in another shop, where nothing was learned.
  using there = await rpg.transfer(dataset, vectors);
  expect((await there.retrieve(queries, 1)).map(([first]) => first?.item)).toEqual(
    lists.map(([first]) => first?.item),
  );
});
