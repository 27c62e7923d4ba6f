import { Catalog, InteractionLog, ItemEdges, RandomStream, WORLD } from '@palate/core';
import { describe, expect, test } from 'vitest';
import { entityCount, rangeOf } from '../../src/graph/relation-graph.js';
import { attributeEdges, relationGraph } from '../../src/index.js';
import { heldOutRanks } from '../../src/models/held-out-ranks.js';
import { type NegativeRange, tripleBatches } from '../../src/models/triple-batches.js';

const log = InteractionLog.fromRows(
  Array.from({ length: 60 }, (_, k) => ({ user: `u${k % 12}`, item: `i${(k * 7 + (k % 5)) % 20}` })),
);
const catalog = new Catalog({
  items: log.items,
  text: {},
  attributes: { colour: Array.from(log.items, (_, item) => ['red', 'green', 'blue'][item % 3] as string) },
});
const graph = relationGraph(log, {
  relations: [
    { name: 'alike', edges: ItemEdges.fromPairs(log.items, { source: [0, 1], target: [1, 0] }, WORLD) },
  ],
  attributes: [attributeEdges(catalog, 'colour')],
});

/** All triples of an epoch: head, relation, true tail, false tails. */
function epoch(range: NegativeRange, seed: number, negatives = 3): number[][] {
  const settings = { batchSize: 32, negatives, range };
  return tripleBatches(graph, settings, new RandomStream(seed)).flatMap((make) => {
    const { heads, relations, tails } = make() as Record<string, { shape: number[]; values: Int32Array }>;
    expect(tails?.shape).toEqual([heads?.values.length, 1 + negatives]);
    return Array.from(heads?.values ?? [], (head, k) => [
      head,
      relations?.values[k] as number,
      ...(tails?.values.subarray(k * (1 + negatives), (k + 1) * (1 + negatives)) ?? []),
    ]);
  });
}

describe('the batches of an epoch', () => {
  test('hold every edge of the graph once, its true tail first, in an order of the seed', () => {
    const key = (triple: readonly number[]): string => triple.slice(0, 3).join(' ');
    const edges = Array.from(graph.heads, (head, k) =>
      key([head, graph.types[k] as number, graph.tails[k] as number]),
    );
    const triples = epoch('same-kind', 1);
    expect(triples.map(key).sort()).toEqual(edges.sort());
    expect(epoch('same-kind', 1)).toEqual(triples);
    expect(epoch('same-kind', 2)).not.toEqual(triples);
  });

  test('draw false tails of the kind of the true one: items for interactions, never users', () => {
    const seen = new Map<number, Set<number>>();
    for (let seed = 0; seed < 30; seed++)
      for (const [, relation = 0, , ...others] of epoch('same-kind', seed))
        for (const other of others) seen.set(relation, (seen.get(relation) ?? new Set()).add(other));
    for (const [relation, { tail }] of graph.relations.entries()) {
      const [first, end] = rangeOf(graph, tail);
      // All of the kind and nothing else: in 30 epochs each is drawn.
      expect([...(seen.get(relation) ?? [])].sort((a, b) => a - b)).toEqual(
        Array.from({ length: end - first }, (_, k) => first + k),
      );
    }
    expect(graph.relations[0]?.tail).toBe('item');
  });

  test('draw them uniformly among items, users and values alike, where the paper’s way is asked for', () => {
    const drawn = new Float64Array(entityCount(graph));
    let count = 0;
    for (let seed = 0; seed < 60; seed++)
      for (const [, relation, , ...others] of epoch('all-entities', seed))
        if (relation === 0)
          for (const other of others) {
            drawn[other] = (drawn[other] as number) + 1;
            count++;
          }
    const expected = count / drawn.length;
    // Five deviations of a count that is drawn uniformly.
    for (const times of drawn) expect(Math.abs(times - expected)).toBeLessThan(5 * Math.sqrt(expected));
  });
});

describe('ranks of held-out items', () => {
  const training = InteractionLog.fromRows([
    { user: 'ann', item: 'a' },
    { user: 'bob', item: 'b' },
    { user: 'bob', item: 'c' },
    { user: 'eve', item: 'd' },
  ]);
  const { users, items } = training;
  const held = (pairs: readonly (readonly [string, string])[]): InteractionLog =>
    new InteractionLog({
      users,
      items,
      user: Int32Array.from(pairs, ([user]) => users.indexOf(user)),
      item: Int32Array.from(pairs, ([, item]) => items.indexOf(item)),
      timestamp: new Float64Array(pairs.length),
    });
  const validation = held([
    ['ann', 'b'],
    ['bob', 'd'],
    ['bob', 'b'],
  ]);
  const scorer = (scores: Record<string, number>) => (asked: Int32Array) =>
    Float32Array.from(
      { length: asked.length * items.size },
      (_, k) => scores[items.idOf(k % items.size)] ?? 0,
    );

  test('leave out what training knows, and count equal scores against the item, by hand', () => {
    // Ann: a is hers; c stands above b: rank 2. Bob: b and c are his; a stands above d: rank 2. Bob's b is no target.
    const { 'hr@10': hr, 'ndcg@10': ndcg } = heldOutRanks(
      training,
      validation,
      scorer({ a: 4, c: 3, b: 2, d: 1 }),
    );
    expect(hr).toBe(1);
    expect(ndcg).toBeCloseTo(1 / Math.log2(3), 9);
    // All equal: Ann's b is behind c and d, Bob's d behind a.
    expect(heldOutRanks(training, validation, scorer({}))['ndcg@10']).toBeCloseTo(
      (1 / Math.log2(4) + 1 / Math.log2(3)) / 2,
      9,
    );
  });

  test('of a scorer that likes all alike are behind everything else, and nobody without a target counts', () => {
    const rows = Array.from({ length: 40 }, (_, k) => ({ user: 'ann', item: `i${k}` }));
    const many = InteractionLog.fromRows([...rows, { user: 'bob', item: 'i0' }]);
    const target = new InteractionLog({
      users: many.users,
      items: many.items,
      user: Int32Array.of(1),
      item: Int32Array.of(7),
      timestamp: new Float64Array(1),
    });
    const equal = heldOutRanks(many, target, (asked) => new Float32Array(asked.length * 40));
    expect(equal).toEqual({ 'hr@10': 0, 'ndcg@10': 0 });
    expect(heldOutRanks(training, held([]), scorer({}))).toEqual({ 'hr@10': 0, 'ndcg@10': 0 });
  });
});
