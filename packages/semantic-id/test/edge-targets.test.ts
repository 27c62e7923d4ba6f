import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EmbeddingTable,
  IdMap,
  InteractionLog,
  ItemEdges,
  madeFrom,
  RandomStream,
  UNKNOWN,
  WORLD,
  withLog,
} from '@palate/core';
import { describe, expect, it } from 'vitest';
import { RqKMeans, SemanticIds, Tiger } from '../src/index.js';
import { EdgeTargets } from '../src/tiger/edge-targets.js';
import { ring, TINY } from './ring.js';

const items = new IdMap(['a', 'b', 'c', 'd']);
const edges = ItemEdges.fromPairs(items, { source: [0, 0, 2], target: [1, 3, 1], weight: [3, 1, 1] }, WORLD);

describe('targets under a prior of edges', () => {
  it('are the next item, or one that it is joined to, in the shares of the formula', () => {
    const targets = new EdgeTargets({ edges, strength: 0.4 });
    const random = new RandomStream(2);
    const counts = new Float64Array(4);
    const draws = 40_000;
    for (let k = 0; k < draws; k++) counts[targets.draw(0, random)]! += 1 / draws;
    for (const [item, share] of [0.6, 0.3, 0, 0.1].entries())
      expect(Math.abs((counts[item] as number) - share)).toBeLessThan(0.012);
    expect(targets.draw(1, random)).toBe(1);
    expect(new EdgeTargets({ edges, strength: 1 }).draw(2, random)).toBe(1);
  });
  it('reach what an item with interactions is joined to, and nothing else', () => {
    const targets = new EdgeTargets({ edges, strength: 0.4 });
    expect([...targets.reached(Int32Array.of(2, 0, 0, 0))]).toEqual([0, 1, 0, 1]);
    expect([...targets.reached(Int32Array.of(0, 0, 0, 5))]).toEqual([0, 0, 0, 0]);
  });
});

describe('TIGER with edges', () => {
  const data = ring(30, 8, 5);
  // An item that nobody has met, joined to the first ones.
  const all = new IdMap([...data.log.items, 'cold']);
  const random = new RandomStream(8);
  const table = new EmbeddingTable(
    all,
    3,
    Float32Array.from({ length: 3 * all.size }, () => random.normal()),
    WORLD,
  );
  const { users, user, item, timestamp } = data.log;
  it('finds an item that nobody has met, and says what its edges know, also after loading', async () => {
    const codebook = await RqKMeans.fit(table, { levels: 2, size: 4, minimumUsage: 0 });
    const ids = await SemanticIds.assign(codebook, table, { encoder: 'drawn' });
    const cold = all.indexOf('cold');
    const wide = new InteractionLog({ users, items: all, user, item, timestamp });
    const train = withLog(data, wide);
    const known = madeFrom({ until: 1 });
    const joined = ItemEdges.fromPairs(all, { source: [0, 1, 2], target: [cold, cold, cold] }, known);
    const options = { ...TINY.efficient, ids, epochs: 30, learningRate: 0.02, seed: 1 };
    using plain = await Tiger.fit(train, options);
    using tiger = await Tiger.fit(train, { ...options, edges: joined, edgeStrength: 0.5 });
    const rank = async (each: Tiger): Promise<number> => {
      // What comes after the last item of the ring is item 0, which is joined to the cold one.
      const [list = []] = await each.retrieve([{ history: [5, 6, 7] }], all.size, { includeHistory: true });
      return list.findIndex(({ item }) => item === cold);
    };
    expect(await rank(tiger)).toBeLessThan(4);
    expect(await rank(tiger)).toBeLessThan(await rank(plain));
    expect(tiger.provenance).toEqual(known);
    expect(plain.provenance).toEqual(WORLD);
    const folder = await mkdtemp(join(tmpdir(), 'palate-tiger-edges-'));
    await tiger.save(join(folder, 'tiger'));
    using loaded = await Tiger.load(join(folder, 'tiger'));
    expect(loaded.provenance).toEqual(known);
    expect(await rank(loaded)).toBe(await rank(tiger));
    await rm(folder, { recursive: true });
    await expect(
      Tiger.fit(train, {
        ...options,
        validation: wide,
        edges: ItemEdges.fromPairs(all, { source: [0], target: [1] }, UNKNOWN),
      }),
    ).rejects.toMatchObject({ code: 'leak' });
  });
});
