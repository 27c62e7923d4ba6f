import { EmbeddingTable, IdMap, InteractionLog, RandomStream } from '@palate/core';
import { describe, expect, it } from 'vitest';
import { RqKMeans, SemanticIds, Tiger, type TigerOptions } from '../src/index.js';
import { UnseenItems, unseenShare } from '../src/tiger/unseen-items.js';
import { idsOf, ring } from './ring.js';

const SIXTY = 60;
const OPTIONS: Omit<TigerOptions, 'ids'> = {
  dimension: 32,
  heads: 2,
  blocks: 1,
  maxLength: 8,
  batchSize: 16,
  epochs: 40,
  learningRate: 0.01,
  dropout: 0,
};

/** Asks what comes after three items of the ring, for each item of it. */
const questions = (items: IdMap) =>
  Array.from({ length: SIXTY }, (_, k) => ({
    history: [k, k + 1, k + 2].map((each) => items.indexOf(`i${each % SIXTY}`)),
  }));

const hitsOf = async (tiger: Tiger, epsilon = 0): Promise<number> => {
  const lists = await tiger.retrieve(questions(tiger.items), 10, { epsilon });
  return lists.filter(([first], k) => first?.item === tiger.items.indexOf(`i${(k + 3) % SIXTY}`)).length;
};

describe('items that training never saw', () => {
  it.each([60, 300])(
    'do not cost the others their places: a ring of sixty items is learned beside %d more',
    async (unseen) => {
      const dataset = ring(60, SIXTY, 9, unseen);
      const tiger = await Tiger.fit(dataset, { ...OPTIONS, ids: await idsOf(dataset, 8) });
      expect(await hitsOf(tiger)).toBe(SIXTY);
      // With a share of the list of their own they still do not come before what is certain.
      expect(await hitsOf(tiger, 0.3)).toBe(SIXTY);
      const lists = await tiger.retrieve(questions(tiger.items), 10, { epsilon: 0.3 });
      for (const list of lists) {
        const fresh = list.filter(({ item }) => tiger.items.idOf(item).startsWith('new'));
        expect(fresh).toHaveLength(3);
        expect(list).toHaveLength(10);
      }
    },
  );

  it('leave every list as it was when they come after the fit', async () => {
    const dataset = ring(60, SIXTY, 9);
    const ids = await idsOf(dataset, 8, 2);
    const random = new RandomStream(9);
    const more = new EmbeddingTable(
      new IdMap(Array.from({ length: 600 }, (_, k) => `late${k}`)),
      3,
      Float32Array.from({ length: 600 * 3 }, () => random.normal()),
    );
    for (const mode of ['efficient', 'faithful'] as const) {
      const tiger = await Tiger.fit(dataset, {
        ...OPTIONS,
        mode,
        ids,
        epochs: mode === 'efficient' ? 20 : 1,
        inner: 64,
      });
      const extended = await tiger.extend(await ids.extend(more));
      expect(extended.items.size).toBe(660);
      const before = await tiger.retrieve(questions(tiger.items), 10);
      const after = await extended.retrieve(questions(extended.items), 10);
      for (const [q, list] of after.entries()) {
        expect(list.map(({ item }) => item)).toEqual(before[q]?.map(({ item }) => item));
        for (const [at, { score }] of list.entries())
          expect(score).toBeCloseTo(before[q]?.[at]?.score as number, 4);
      }
    }
  });

  it('are as likely as Good and Turing say: by the interactions that were their items’ only ones', () => {
    const log = InteractionLog.fromRows(
      ['a', 'a', 'a', 'b', 'c', 'c', 'd', 'a'].map((item, k) => ({ user: `u${k}`, item })),
    );
    // b and d, of eight interactions; one more of each.
    expect(unseenShare(log)).toBe(3 / 10);
  });

  it('mark the nodes that lead to nothing else', async () => {
    const vectors = Float32Array.of(0, 0, 9, 9);
    const table = new EmbeddingTable(new IdMap(['seen', 'unseen']), 2, vectors);
    const ids = await SemanticIds.assign(await RqKMeans.fit(table, { levels: 1, size: 2 }), table, {
      encoder: 'test',
    });
    const { isSeen } = new UnseenItems(ids.trie, Uint8Array.of(0, 1), 0.5);
    expect([...isSeen]).toEqual(
      [...ids.trie.itemCount.keys()].map((node) =>
        node === 0 || [...ids.trie.path.subarray(0, 2)].includes(node) ? 1 : 0,
      ),
    );
  });
});
