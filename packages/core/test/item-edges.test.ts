import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdMap, ItemEdges, WORLD } from '../src/index.js';

const items = new IdMap(['a', 'b', 'c', 'd']);

describe('edges between items', () => {
  it('lie in rows, rising, each once, with the heaviest weight of a pair', () => {
    const edges = ItemEdges.fromPairs(
      items,
      { source: [2, 0, 2, 0, 2], target: [1, 3, 0, 1, 1], weight: [0.5, 1, 2, 1, 0.75] },
      WORLD,
    );
    expect([...edges.offsets]).toEqual([0, 2, 2, 4, 4]);
    expect([...edges.targets]).toEqual([1, 3, 0, 1]);
    expect([...edges.weights]).toEqual([1, 1, 2, 0.75]);
    expect([...edges.neighbours(2)]).toEqual([0, 1]);
    expect([...edges.sources()]).toEqual([0, 0, 2, 2]);
    expect(edges.provenance).toBe(WORLD);
  });

  it('hold what a list of pairs holds, in both directions where they are made symmetric', () => {
    const pair = fc
      .record({ source: fc.nat(7), target: fc.nat(7), weight: fc.integer({ min: 1, max: 9 }) })
      .filter(({ source, target }) => source !== target);
    const eight = new IdMap([...'abcdefgh']);
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 40 }), (pairs) => {
        const heaviest = (isBoth: boolean): Map<string, number> => {
          const found = new Map<string, number>();
          for (const { source, target, weight } of pairs)
            for (const key of isBoth
              ? [`${source} ${target}`, `${target} ${source}`]
              : [`${source} ${target}`])
              found.set(key, Math.max(weight, found.get(key) ?? 0));
          return found;
        };
        const edges = ItemEdges.fromPairs(eight, {
          source: pairs.map(({ source }) => source),
          target: pairs.map(({ target }) => target),
          weight: pairs.map(({ weight }) => weight),
        });
        for (const [made, expected] of [
          [edges, heaviest(false)],
          [edges.symmetric(), heaviest(true)],
        ] as const) {
          const sources = made.sources();
          const held = new Map(
            Array.from(made.targets, (target, edge) => [`${sources[edge]} ${target}`, made.weights[edge]]),
          );
          expect(held).toEqual(expected);
          expect(made.length).toBe(expected.size);
        }
      }),
    );
  });

  it('follow another order of the items, without those that it does not hold', () => {
    const edges = ItemEdges.fromPairs(items, { source: [0, 1, 3], target: [1, 3, 0], weight: [1, 2, 3] });
    const aligned = edges.align(new IdMap(['d', 'x', 'a']));
    expect([...aligned.offsets]).toEqual([0, 1, 1, 1]);
    expect([...aligned.targets]).toEqual([2]);
    expect([...aligned.weights]).toEqual([3]);
    expect(edges.align(items)).toBe(edges);
  });

  it('are refused with what cannot be an edge', () => {
    for (const [pairs, words] of [
      [{ source: [0], target: [0] }, /with itself/],
      [{ source: [0], target: [4] }, /4 at edge 0/],
      [{ source: [0.5], target: [1] }, /0\.5 at edge 0/],
      [{ source: [0, 1], target: [1] }, /source 2, target 1/],
      [{ source: [0], target: [1], weight: [0] }, /0 at edge 0/],
      [{ source: [0], target: [1], weight: [1e-60] }, /0 at edge 0/],
      [{ source: [0], target: [1], weight: [Number.NaN] }, /NaN at edge 0/],
    ] as const)
      expect(() => ItemEdges.fromPairs(items, pairs)).toThrow(words);
  });
});
