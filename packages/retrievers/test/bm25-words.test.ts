import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, createDataset, InteractionLog } from '@palate/core';
import { expect, test } from 'vitest';
import { type Bm25Options, Bm25Retriever } from '../src/index.js';

const TEXTS = ['Robbers plan a robbery.', 'The sea and a ship.', 'A ship of robbers.'];
const log = InteractionLog.fromRows(TEXTS.map((_, k) => ({ user: 'u', item: `i${k}`, timestamp: k })));
const dataset = createDataset({
  name: 'words',
  log,
  catalog: new Catalog({ items: log.items, text: { about: TEXTS } }),
  licence: 'MIT',
  source: 'made up',
});

const scoresFor = async (text: string, options: Bm25Options): Promise<number[]> =>
  Array.from(await (await Bm25Retriever.fit(dataset, options)).scoreAll([{ text }]));

/** BM25's weight of a word that `n` of 3 items hold, once in a text of some length. */
const weight = (n: number, length: number, mean: number): number =>
  Math.log(1 + (3 - n + 0.5) / (n + 0.5)) * (2.2 / (1 + 1.2 * (0.25 + (0.75 * length) / mean)));

test('English words count by their stems, and function words not at all', async () => {
  // Stems: [robber plan robberi], [sea ship], [ship robber]; mean length 7/3. "Robber" meets "robbers", "ships" "ship".
  const scores = await scoresFor('the ships and a robber', { words: 'english' });
  const [three, two] = [weight(2, 3, 7 / 3), weight(2, 2, 7 / 3)];
  expect(scores[0]).toBeCloseTo(three, 5);
  expect(scores[1]).toBeCloseTo(two, 5);
  expect(scores[2]).toBeCloseTo(2 * two, 5);
  const [whole] = await scoresFor('the ships and a robber', {});
  expect(whole).toBeCloseTo(weight(3, 4, 13 / 3), 5); // "a" alone, which all hold
});

test('a word that the request repeats counts less and less with k3', async () => {
  const once = await scoresFor('ship', {});
  const thrice = await scoresFor('ship ship ship', {});
  const saturated = await scoresFor('ship ship ship', { k3: 2 });
  expect(thrice[1]).toBeCloseTo(3 * (once[1] as number), 5);
  expect(saturated[1]).toBeCloseTo(((3 * 3) / 5) * (once[1] as number), 5);
  expect((await scoresFor('ship ship ship', { k3: 0 }))[1]).toBeCloseTo(once[1] as number, 5);
});

test('words of texts that are left out do not count, by their stems, and stay so in a saved folder', async () => {
  const options = { words: 'english', leaveOut: ['I saw the ship as a kid'] } as const;
  // Nothing is left of it: the general favourites answer, as for words that nothing holds.
  expect(await scoresFor('ships', options)).toEqual(await scoresFor('xyzzy', {}));
  const retriever = await Bm25Retriever.fit(dataset, options);
  const dir = join(await mkdtemp(join(tmpdir(), 'palate-bm25-')), 'bm25');
  await retriever.save(dir);
  const loaded = await Bm25Retriever.load(dir);
  const text = 'the robbers of ships';
  expect(await loaded.scoreAll([{ text }])).toEqual(await retriever.scoreAll([{ text }]));
  expect((await loaded.scoreAll([{ text }]))[1]).toBe(0);
});
