import { Catalog, InteractionLog, ItemEdges, WORLD } from '@palate/core';
import { describe, expect, it } from 'vitest';
import { attributeEdges, GraphPaths, pathInWords, relationGraph } from '../src/index.js';

const log = InteractionLog.fromRows([
  { user: 'ann', item: 'heat' },
  { user: 'ann', item: 'alien' },
  { user: 'bob', item: 'heat' },
  { user: 'bob', item: 'ronin' },
  { user: 'eve', item: 'heat' },
  { user: 'eve', item: 'ronin' },
  { user: 'eve', item: 'up' },
]);
const [heat, alien, ronin, up] = [0, 1, 2, 3];
const catalog = new Catalog({
  items: log.items,
  text: {},
  attributes: {
    genres: [['crime', 'thriller'], ['horror', 'thriller'], ['crime', 'thriller'], ['thriller']],
  },
});
const paths = new GraphPaths(
  relationGraph(log, {
    relations: [
      {
        name: 'similar text, high',
        edges: ItemEdges.fromPairs(log.items, { source: [heat], target: [ronin] }, WORLD),
      },
    ],
    attributes: [attributeEdges(catalog, 'genres')],
  }),
);
const title = (item: number): string => ['Heat', 'Alien', 'Ronin', 'Up'][item] as string;

describe('paths through the graph', () => {
  it('lead over an edge, the rarest value that both have, and people who chose both', () => {
    const found = paths.find({ history: [heat], ratings: [9], item: ronin });
    expect(found.map(({ by, between }) => [by, between])).toEqual([
      ['relation', 'similar text, high'],
      ['value', 'genres: crime'],
      ['people', '2'],
    ]);
    // Two items are crime; two of Heat's three and both of Ronin's people are the same.
    expect(found.map(({ strength }) => strength)).toEqual([
      1,
      1 / Math.log2(3),
      0.5 * (2 / Math.sqrt(3 * 2)),
    ]);
  });
  it('begin at what somebody liked best, and at the newest of equals', () => {
    const [first] = paths.find({ history: [up, alien], ratings: [2, 8], item: heat, most: 1 });
    expect(first).toMatchObject({ from: alien, by: 'value', between: 'genres: thriller', rating: 8 });
    expect(paths.find({ history: [alien, up], item: heat, most: 1 })[0]?.from).toBe(up);
    // An item that was rated 0 is no reason.
    expect(paths.find({ history: [up], ratings: [0], item: heat })).toHaveLength(0);
  });
  it('never lead from an item to itself, and refuse items that there are not', () => {
    expect(paths.find({ history: [heat], item: heat })).toEqual([]);
    expect(() => paths.find({ history: [9], item: heat })).toThrow(/items from 0 to 3/);
    expect(() => paths.find({ history: [], item: heat, most: 0 })).toThrow(/most/);
  });
  it('are told in words', () => {
    const [relation, value, people] = paths.find({ history: [heat], ratings: [9], item: ronin });
    const words = { title, common: () => "a crew's last job" };
    expect(relation && pathInWords(relation, ronin, words)).toBe(
      "like Heat, which you rated 9: both about a crew's last job",
    );
    expect(relation && pathInWords(relation, ronin, { title })).toBe(
      'like Heat, which you rated 9: their descriptions are similar',
    );
    expect(value && pathInWords({ ...value, rating: undefined }, ronin, { title })).toBe(
      'like Heat: both genres: crime',
    );
    expect(people && pathInWords(people, ronin, { title })).toBe(
      'like Heat, which you rated 9: chosen by 2 people who chose it too',
    );
  });
});
