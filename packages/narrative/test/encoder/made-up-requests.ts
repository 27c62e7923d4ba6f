import { Catalog, createDataset, type Dataset, InteractionLog, madeFrom, RandomStream } from '@palate/core';
import { type AuthoredRequest, type RequestPairs, requestPairs } from '../../src/index.js';

const THEMES = ['heist', 'ocean', 'ghost', 'desert', 'robot', 'circus'];
/** Words for a theme in requests: no word of it is in the items' texts. */
const WISHES = ['robbers', 'sailing', 'haunted', 'camels', 'machines', 'clowns'];

/** Items of six themes, and requests that ask for a theme by another word than the items' texts have. */
export function madeUpRequests(): {
  readonly dataset: Dataset;
  readonly texts: readonly string[];
  readonly requests: readonly AuthoredRequest[];
  readonly pairs: RequestPairs;
} {
  const random = new RandomStream(2);
  const items = Array.from({ length: 48 }, (_, k) => `i${k}`);
  const rows = items.map((item, k) => ({ user: 'everybody', item, timestamp: k, rating: 4 }));
  const log = InteractionLog.fromRows(rows);
  const theme = (id: string): number => Number(id.slice(1)) % THEMES.length;
  const texts = Array.from(log.items, (id) => `A ${THEMES[theme(id)]} film called ${id}`);
  const catalog = new Catalog({ items: log.items, text: { title: texts } });
  const dataset = createDataset({ name: 'themes', log, catalog, licence: 'MIT', source: 'made up' });
  const requests = Array.from({ length: 60 }, (_, k) => {
    const wish = k % THEMES.length;
    const own = items.filter((id) => theme(id) === wish);
    return {
      user: `u${k}`,
      items: random.shuffle([...own]).slice(0, 3),
      text: `please something with ${WISHES[wish]} number ${k}`,
    };
  });
  const provenance = madeFrom({ log: 'made up' });
  return { dataset, texts, requests, pairs: requestPairs(dataset, requests, { texts, provenance }) };
}

/** Theme of an item's text or a request, by its words. */
export const themeOf = (text: string): number =>
  THEMES.findIndex((word, k) => text.includes(word) || text.includes(WISHES[k] as string));
