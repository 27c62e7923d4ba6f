import { EmbeddingTable, IdMap, InteractionLog, RandomStream, type TextEncoder, WORLD } from '@palate/core';
import { HnswIndex } from '@palate/retrievers';
import { describe, expect, it } from 'vitest';
import {
  graphStatistics,
  itemTextVectors,
  joinedEdges,
  relationGraph,
  textSimilarityEdges,
} from '../../src/index.js';

/** An encoder of three axes: the share of the words crime, space and love. */
const axes: TextEncoder = {
  id: 'axes',
  width: 3,
  encode: async (texts) => {
    const data = new Float32Array(texts.length * 3);
    for (const [k, text] of texts.entries()) {
      const counts = ['crime', 'space', 'love'].map((word) => text.split(word).length - 1);
      const norm = Math.hypot(...counts) || 1;
      data.set(
        counts.map((count) => count / norm),
        k * 3,
      );
    }
    return { data, width: 3, truncated: texts.filter((text) => text.length > 200).length };
  },
};

const training = InteractionLog.fromRows([
  { user: 'ann', item: 'heat', timestamp: 1 },
  { user: 'ann', item: 'alien', timestamp: 2 },
  { user: 'bob', item: 'heat', timestamp: 3 },
]);

describe('vectors of item texts', () => {
  it('weigh metadata and reviews by the softmax of 2 and 1', async () => {
    const { table, report } = await itemTextVectors(
      {
        training,
        metadata: ['crime', ''],
        reviews: [
          { user: 'ann', item: 'heat', text: 'love' },
          { user: 'bob', item: 'heat', text: 'space space' },
        ],
      },
      axes,
    );
    // e^2 for crime, e for each review: the direction (e, 1, 1).
    const norm = Math.hypot(Math.E, 1, 1);
    for (const [k, value] of [Math.E / norm, 1 / norm, 1 / norm].entries())
      expect(table.data[k]).toBeCloseTo(value, 6);
    expect([...table.vector(1)]).toEqual([0, 0, 0]);
    expect(report).toMatchObject({ used: 2, stripped: 0, withoutText: 1, encoded: 3 });
    expect(table.provenance).toMatchObject({ kind: 'interactions' });
  });
  it('never see a review of an interaction that is not in training, and count it', async () => {
    const metadata = ['crime', 'space'];
    const { table, report } = await itemTextVectors(
      {
        training,
        metadata,
        reviews: [
          { user: 'bob', item: 'alien', text: 'love' }, // bob's test
          { user: 'eve', item: 'heat', text: 'love' }, // nobody of training
          { user: 'ann', item: 'gone', text: 'love' }, // nothing of training
          { user: 'ann', item: 'heat', text: 'love', timestamp: 9 }, // ann again, at the time of a test
        ],
      },
      axes,
    );
    const bare = await itemTextVectors({ training, metadata }, axes);
    expect(table.data).toEqual(bare.table.data);
    expect(report.stripped).toBe(4);
    expect(table.provenance).toBe(WORLD);
  });
  it('read the ten longest reviews', async () => {
    const rows = Array.from({ length: 12 }, (_, k) => ({ user: `u${k}`, item: 'heat' }));
    const log = InteractionLog.fromRows(rows);
    const { table, report } = await itemTextVectors(
      {
        training: log,
        metadata: [''],
        // Two short ones of love, ten long ones of space.
        reviews: rows.map(({ user, item }, k) => ({
          user,
          item,
          text: k < 2 ? 'love' : `space ${'x'.repeat(k)}`,
        })),
      },
      axes,
      { batchSize: 3 },
    );
    expect([...table.vector(0)]).toEqual([0, 1, 0]);
    expect(report).toMatchObject({ used: 10, surplus: 2 });
  });
  it('are refused without a text for each item, and end when they are told to', async () => {
    await expect(itemTextVectors({ training, metadata: ['crime'] }, axes)).rejects.toThrow(/each of 2 items/);
    await expect(
      itemTextVectors({ training, metadata: ['a', 'b'] }, axes, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'cancelled' });
    await expect(
      itemTextVectors({ training, metadata: ['a', 'b'] }, axes, { reviews: 3 } as never),
    ).rejects.toThrow(/reviews/);
  });
});

/** Vectors in the plane at angles whose cosines with the first are given. */
function atCosines(...cosines: number[]): EmbeddingTable {
  const ids = new IdMap(cosines.map((_, k) => `i${k}`));
  return new EmbeddingTable(
    ids,
    2,
    Float32Array.from(cosines.flatMap((cosine) => [cosine, Math.sqrt(1 - cosine ** 2)])),
    WORLD,
  );
}

function randomVectors(count: number, width: number, seed: number): EmbeddingTable {
  const random = new RandomStream(seed);
  const ids = new IdMap(Array.from({ length: count }, (_, k) => `i${k}`));
  return new EmbeddingTable(
    ids,
    width,
    Float32Array.from({ length: count * width }, () => random.normal()),
    WORLD,
  );
}

describe('edges of similar texts', () => {
  it('fall into the classes of their distance, in both directions, and nothing beyond .3', async () => {
    const vectors = atCosines(1, 0.95, 0.85, 0.75, 0.2);
    const { relations, pairs, distances } = await textSimilarityEdges(vectors);
    const cosine = (a: number, b: number): number => {
      const [x, y] = [vectors.vector(a), vectors.vector(b)] as const;
      return (x[0] as number) * (y[0] as number) + (x[1] as number) * (y[1] as number);
    };
    const classOf = new Map<string, number>();
    for (const [k, { edges }] of relations.entries()) {
      const sources = edges.sources();
      for (const [edge, target] of edges.targets.entries()) {
        const key = `${sources[edge]} ${target}`;
        expect(classOf.has(key)).toBe(false);
        classOf.set(key, k);
        expect(edges.weights[edge]).toBeCloseTo(cosine(sources[edge] as number, target), 5);
      }
    }
    for (let a = 0; a < 5; a++)
      for (let b = 0; b < 5; b++) {
        if (a === b) continue;
        const distance = 1 - cosine(a, b);
        const expected = distance <= 0.1 ? 0 : distance <= 0.2 ? 1 : distance <= 0.3 ? 2 : undefined;
        expect(classOf.get(`${a} ${b}`), `${a} and ${b} at ${distance}`).toBe(expected);
      }
    expect(distances).toEqual([0.1, 0.2, 0.3]);
    expect(pairs.candidates).toBe(10);
    expect(pairs.dropped).toBe(10 - classOf.size / 2);
    expect(relations.map(({ name }) => name)).toEqual([
      'similar text, high',
      'similar text, medium',
      'similar text, low',
    ]);
  });
  it('look at the nearest alone', async () => {
    const { relations, pairs } = await textSimilarityEdges(atCosines(1, 0.999, 0.99, 0.98), {
      neighbours: 1,
      bounds: [2, 2, 2],
    });
    // Nearest of each: 0-1, 1-0, 2-3, 3-2.
    expect(pairs.candidates).toBe(2);
    expect([...(relations[0]?.edges.targets ?? [])]).toEqual([1, 0, 3, 2]);
  });
  it('are the same block by block and by an index, and as many as quantiles ask for', async () => {
    const vectors = randomVectors(1500, 8, 3);
    const options = { thresholds: 'quantile' as const, bounds: [0.1, 0.3, 0.6], neighbours: 5 };
    const exact = await textSimilarityEdges(vectors, options);
    const edges = exact.relations.map((relation) => relation.edges.length / 2);
    const { candidates } = exact.pairs;
    for (const [k, share] of [0.1, 0.2, 0.3].entries())
      expect(Math.abs((edges[k] as number) / candidates - share)).toBeLessThan(0.002);
    const found = (result: typeof exact): Set<string> =>
      new Set(
        result.relations.flatMap(({ edges: own }) => {
          const sources = own.sources();
          return Array.from(own.targets, (target, edge) => `${sources[edge]} ${target}`);
        }),
      );
    const index = await HnswIndex.create(8, { searchCandidates: 200 });
    const approximate = await textSimilarityEdges(vectors, { ...options, index });
    const [a, b] = [found(exact), found(approximate)];
    const shared = [...a].filter((edge) => b.has(edge)).length;
    expect(shared / a.size).toBeGreaterThan(0.95);
  });
  it('join no item to itself, not even among equals, and none without a text', async () => {
    const ids = new IdMap(['a', 'b', 'c', 'd']);
    const same = new EmbeddingTable(ids, 2, Float32Array.of(1, 0, 2, 0, 1, 0, 0, 0), WORLD);
    const { relations, withoutText } = await textSimilarityEdges(same, { neighbours: 2 });
    expect(relations[0]?.edges.length).toBe(6);
    expect(withoutText).toBe(1);
    expect([...(relations[0]?.edges.neighbours(3) ?? [])]).toEqual([]);
  });
  it('are refused with bounds that fall, quantiles above 1 or an index that holds something', async () => {
    const vectors = atCosines(1, 0.9);
    await expect(textSimilarityEdges(vectors, { bounds: [0.3, 0.2, 0.1] })).rejects.toThrow(
      /ascending thresholds/,
    );
    await expect(textSimilarityEdges(vectors, { bounds: [0.3] })).rejects.toThrow(/bounds/);
    await expect(
      textSimilarityEdges(vectors, { thresholds: 'quantile', bounds: [0.1, 0.2, 1.5] }),
    ).rejects.toThrow(/from 0 to 1/);
    const index = await HnswIndex.create(2);
    await index.add(['x'], Float32Array.of(1, 0));
    await expect(textSimilarityEdges(vectors, { index })).rejects.toThrow(/empty index/);
  });
  it('enter the graph as training edges, are counted, and join to a prior', async () => {
    const vectors = new EmbeddingTable(training.items, 2, Float32Array.of(1, 0, 1, 0.1), WORLD);
    const { relations } = await textSimilarityEdges(vectors);
    const graph = relationGraph(training, { relations });
    const { edges, itemsAugmented } = graphStatistics(graph);
    expect(edges['similar text, high']).toBe(2);
    expect(itemsAugmented).toBe(1);
    // Symmetric already: no inverse is made.
    expect(graph.relations.filter(({ inverseOf }) => inverseOf !== undefined)).toHaveLength(1);
    const prior = joinedEdges(relations, { 'similar text, high': 0.5 });
    expect(prior.weights[0]).toBeCloseTo(0.5 / Math.hypot(1, 0.1), 6);
    expect(() => joinedEdges(relations, { other: 1 })).toThrow(/other/);
    expect(() => joinedEdges([])).toThrow(/none/);
  });
});
