import { Catalog, InteractionLog, ItemEdges, RandomStream, UNKNOWN, WORLD } from '@palate/core';
import { MultiDirectedGraph } from 'graphology';
import { describe, expect, it } from 'vitest';
import {
  attributeEdges,
  bipartiteGraph,
  fromEdgeList,
  fromGraphology,
  graphStatistics,
  itemRelations,
  leastActive,
  listedEdges,
  relationGraph,
  type SerializedGraph,
  toEdgeList,
  toGraphology,
} from '../../src/index.js';

const log = InteractionLog.fromRows([
  { user: 'ann', item: 'heat' },
  { user: 'ann', item: 'alien' },
  { user: 'bob', item: 'heat' },
  { user: 'ann', item: 'heat' },
  { user: 'bob', item: 'ronin' },
]);
const [heat, alien, ronin] = [0, 1, 2];
const similar = ItemEdges.fromPairs(log.items, { source: [heat, ronin], target: [ronin, heat] }, WORLD);
const catalog = new Catalog({
  items: log.items,
  text: { title: ['Heat', 'Alien', 'Ronin'] },
  attributes: {
    genres: [['crime', 'drama'], ['horror'], ['crime']],
    'also viewed': [['ronin', 'gone'], [], ['heat', 'ronin']],
  },
});

describe('the user-item graph', () => {
  it('joins each pair once, with rising rows, items first', () => {
    const { nodes, offsets, targets } = bipartiteGraph(log);
    expect(nodes).toBe(5);
    expect([...offsets]).toEqual([0, 2, 3, 4, 6, 8]);
    expect([...targets]).toEqual([3, 4, 3, 4, heat, alien, heat, ronin]);
  });
  it('takes edges between items in both directions', () => {
    const one = ItemEdges.fromPairs(log.items, { source: [ronin], target: [heat] }, WORLD);
    const { offsets, targets } = bipartiteGraph(log, one);
    expect([...offsets]).toEqual([0, 3, 4, 6, 8, 10]);
    expect([...targets.subarray(0, 3)]).toEqual([ronin, 3, 4]);
    expect([...targets.subarray(4, 6)]).toEqual([heat, 4]);
    const others = InteractionLog.fromRows([
      { user: 'u', item: 'x' },
      { user: 'u', item: 'y' },
    ]);
    const foreign = ItemEdges.fromPairs(others.items, { source: [0], target: [1] });
    expect(() => bipartiteGraph(log, foreign)).toThrow(/own items/);
  });
  it('is what sets of neighbours hold, on random logs', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new RandomStream(seed);
      const random20 = InteractionLog.fromRows(
        Array.from({ length: 80 }, () => ({ user: `u${random.integer(9)}`, item: `i${random.integer(14)}` })),
      );
      const items = random20.items.size;
      const graph = bipartiteGraph(random20);
      const neighbours = Array.from({ length: graph.nodes }, () => new Set<number>());
      for (let row = 0; row < random20.length; row++) {
        const [item, user] = [random20.item[row] as number, items + (random20.user[row] as number)];
        neighbours[item]?.add(user);
        neighbours[user]?.add(item);
      }
      for (const [node, own] of neighbours.entries())
        expect([...graph.targets.subarray(graph.offsets[node], graph.offsets[node + 1])]).toEqual(
          [...own].sort((a, b) => a - b),
        );
    }
  });
});

describe('the graph of relations', () => {
  const graph = relationGraph(log, {
    relations: [{ name: 'similar', edges: similar }],
    attributes: [attributeEdges(catalog, 'genres')],
  });
  const named = Array.from(graph.heads, (head, edge) => [
    head,
    graph.relations[graph.types[edge] as number]?.name,
    graph.tails[edge],
  ]);
  it('has every interaction and every edge, and inverses of what is not symmetric', () => {
    const [ann, bob, crime] = [3, 4, 5];
    expect([...graph.values]).toEqual(['genres: crime']);
    expect(named).toEqual([
      [ann, 'interacted', heat],
      [ann, 'interacted', alien],
      [bob, 'interacted', heat],
      [bob, 'interacted', ronin],
      [heat, 'interacted, inverse', ann],
      [alien, 'interacted, inverse', ann],
      [heat, 'interacted, inverse', bob],
      [ronin, 'interacted, inverse', bob],
      [heat, 'similar', ronin],
      [ronin, 'similar', heat],
      [heat, 'genres', crime],
      [ronin, 'genres', crime],
      [crime, 'genres, inverse', heat],
      [crime, 'genres, inverse', ronin],
    ]);
    expect(relationGraph(log, { inverses: false }).relations.map(({ name }) => name)).toEqual(['interacted']);
  });
  it('is counted: edges by relation, items touched, density before and after', () => {
    const statistics = graphStatistics(graph);
    expect(statistics.edges).toEqual({
      interacted: 4,
      'interacted, inverse': 4,
      similar: 2,
      genres: 2,
      'genres, inverse': 2,
    });
    expect(statistics.itemsTouched.similar).toBeCloseTo(2 / 3, 12);
    expect(statistics.itemsTouched.interacted).toBe(1);
    expect(statistics.itemsAugmented).toBeCloseTo(2 / 3, 12);
    // Six entities make fifteen pairs: four of users and items, one of items, two of items and a value.
    expect(statistics.density.before).toBeCloseTo(4 / 15, 12);
    expect(statistics.density.after).toBeCloseTo(7 / 15, 12);
  });
  it('knows the log, and what its edges know', () => {
    expect(relationGraph(log).provenance).toMatchObject({ kind: 'interactions' });
    const viewed = listedEdges(catalog, 'also viewed');
    expect([...viewed.edges.sources()]).toEqual([heat, ronin]);
    expect(viewed.edges.provenance).toBe(UNKNOWN);
    expect(relationGraph(log, { relations: [viewed] }).provenance).toBe(UNKNOWN);
  });
  it('refuses names that it has and fields that there are not', () => {
    const edges = similar;
    expect(() => relationGraph(log, { relations: [{ name: 'interacted', edges }] })).toThrow(
      /different names/,
    );
    expect(() => attributeEdges(catalog, 'brand')).toThrow(/title, genres/);
    expect(() => listedEdges(catalog, 'series')).toThrow(/genres, also viewed/);
  });
  it('goes to graphology and comes back', () => {
    const other = new MultiDirectedGraph();
    other.import(toGraphology(graph));
    expect(other.order).toBe(6);
    expect(other.size).toBe(8);
    expect(other.outNeighbors('user:ann').sort()).toEqual(['item:alien', 'item:heat']);
    expect(other.getNodeAttribute('value:genres: crime', 'kind')).toBe('value');
    const read = fromGraphology(other.export() as unknown as SerializedGraph);
    const { relations, skipped } = itemRelations(read, log.items, WORLD);
    expect(relations.map(({ name }) => name)).toEqual(['similar']);
    expect([...(relations[0]?.edges.targets ?? [])]).toEqual([...similar.targets]);
    expect(skipped).toBe(6);
  });
  it('goes to lines and comes back, whatever the names hold', () => {
    const lines = [...toEdgeList(graph)];
    expect(lines[0]).toBe('user:ann\tinteracted\titem:heat');
    expect(lines).toHaveLength(8);
    const odd = InteractionLog.fromRows([{ user: 'a\tb', item: 'c"\n' }]);
    expect(fromEdgeList(toEdgeList(relationGraph(odd)))).toEqual([
      { head: 'user:a\tb', relation: 'interacted', tail: 'item:c"\n' },
    ]);
    expect(fromEdgeList(['# a comment', '', 'heat\tlike\tronin'])).toEqual([
      { head: 'heat', relation: 'like', tail: 'ronin' },
    ]);
    expect(() => fromEdgeList(['a\tb\tc', 'a\tb'])).toThrow(/line 2|:2/);
    expect(() => fromEdgeList(['a\t\tc'])).toThrow(/1 of them empty/);
    expect(() => fromEdgeList(['"a\tb\tc'])).toThrow(/quote/);
  });
});

describe('the least active', () => {
  it('are all of the degree at which the share ends', () => {
    expect([...leastActive(Int32Array.of(5, 9, 5, 7, 5), 0.2)]).toEqual([0, 2, 4]);
    expect([...leastActive(Int32Array.of(5, 9, 1, 7, 6), 0.2)]).toEqual([2]);
    expect([...leastActive(Int32Array.of(5, 9, 1, 7, 6), 0.5)]).toEqual([0, 2, 4]);
    expect([...leastActive(Int32Array.of(3, 4), 1)]).toEqual([0, 1]);
  });
});
