import { Catalog, createDataset, InteractionLog, type OutcomeCounts } from '@palate/core';
import { describe, expect, it } from 'vitest';
import { Bm25Retriever, Ease, Fusion, ItemKnn } from '../src/index.js';

const TITLES = ['Tokyo Story', '東京物語', '千と千尋の神隠し', '卧虎藏龙', 'ต้มยำกุ้ง', 'दिल', 'दल', 'Amélie'];
// The item k is chosen k + 1 times, by users of one or two items.
const rows = TITLES.flatMap((title, k) =>
  Array.from({ length: k + 1 }, (_, n) => ({ user: `u${k}-${n}`, item: title, timestamp: n })),
);
const log = InteractionLog.fromRows([
  ...rows,
  { user: 'both', item: TITLES[0] as string, timestamp: 1 },
  { user: 'both', item: TITLES[1] as string, timestamp: 2 },
]);
const dataset = createDataset({
  name: 'titles',
  log,
  catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
  licence: 'MIT',
  source: 'made up',
});
const at = (title: string): number => log.items.indexOf(title);

describe('BM25', () => {
  it.each([
    ['東京', '東京物語'],
    ['千尋', '千と千尋の神隠し'],
    ['藏龙', '卧虎藏龙'],
    ['กุ้ง', 'ต้มยำกุ้ง'],
    ['दिल', 'दिल'],
    ['दल', 'दल'],
    ['amelie', 'Amélie'],
    ['tokyo', 'Tokyo Story'],
  ])('finds by %s the title that holds it, and no other first', async (text, title) => {
    const retriever = await Bm25Retriever.fit(dataset);
    const [[first, second] = []] = await retriever.retrieve([{ text }], 2);
    expect(first?.item).toBe(at(title));
    expect(first?.score).toBeGreaterThan(second?.score as number);
  });

  it('answers words that no item has with the general favourites, and counts that', async () => {
    const retriever = await Bm25Retriever.fit(dataset);
    const told: OutcomeCounts[] = [];
    const [list = []] = await retriever.retrieve([{ text: 'xyzzy' }, { text: 'tokyo' }], 3, {
      onOutcomes: (outcomes) => told.push(outcomes),
    });
    expect(list.map(({ item, score }) => [log.items.idOf(item), score])).toEqual([
      ['Amélie', 8],
      ['दल', 7],
      ['दिल', 6],
    ]);
    expect(told).toMatchObject([{ source: 'BM25', asked: 2, fellBack: 1 }]);
  });
});

describe('Fusion', () => {
  it('hears only the parts that a query gives something to go by', async () => {
    const [words, ease] = [await Bm25Retriever.fit(dataset), await Ease.fit(dataset, { lambda: 1 })];
    for (const method of ['reciprocal-rank', 'scores'] as const) {
      const fusion = new Fusion([words, ease], { method });
      const [alone] = await words.retrieve([{ text: 'tokyo' }], 4);
      const [fused] = await fusion.retrieve([{ text: 'tokyo' }], 4);
      expect(fused?.[0]?.item).toBe(alone?.[0]?.item);
      // Nobody has more to go by than the favourites: they are the answer.
      const [empty] = await fusion.retrieve([{}], 2);
      expect(empty?.map(({ item }) => log.items.idOf(item))).toEqual(['Amélie', 'दल']);
    }
  });
});

describe('a history whose items say nothing', () => {
  it('gets the general favourites from ItemKnn', async () => {
    const retriever = await ItemKnn.fit(dataset);
    // Nobody who chose Amélie chose anything else.
    const [list] = await retriever.retrieve([{ history: [at('Amélie')] }], 2);
    expect(list?.map(({ item }) => log.items.idOf(item))).toEqual(['दल', 'दिल']);
    const [known] = await retriever.retrieve([{ history: [at('Tokyo Story')] }], 1);
    expect(known?.[0]?.item).toBe(at('東京物語'));
  });
});
