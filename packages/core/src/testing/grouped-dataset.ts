import { RandomStream } from '../basics/random.js';
import { Catalog } from '../data/catalog.js';
import { createDataset, type Dataset } from '../data/dataset.js';
import { InteractionLog } from '../data/interaction-log.js';
import type { Query, Retriever } from '../recommend/retriever.js';

/** A small data set with structure: two groups of users with tastes of their own, ratings, times and titles. */
export function groupedDataset(seed: number): Dataset {
  const random = new RandomStream(seed);
  const rows: { user: string; item: string; timestamp: number; rating: number }[] = [];
  for (let u = 0; u < 30; u++) {
    const taste = u % 2;
    const seen = new Set<number>();
    while (seen.size < 8) seen.add((random.uniform() < 0.85 ? taste : 1 - taste) * 12 + random.integer(12));
    let time = 1000 + u;
    for (const item of seen) {
      rows.push({ user: `u${u}`, item: `i${item}`, timestamp: time, rating: 3 + random.integer(3) });
      time += 50;
    }
  }
  const log = InteractionLog.fromRows(rows);
  const titles = Array.from(log.items, (id) =>
    Number(id.slice(1)) < 12 ? `quiet drama ${id}` : `space battle ${id}`,
  );
  return createDataset({
    name: 'conformance',
    log,
    catalog: new Catalog({ items: log.items, text: { title: titles } }),
    licence: 'MIT',
    source: 'generated',
  });
}

/** Queries of every kind to a retriever fitted on the data set: known user, short history, text, nothing at all. */
export function everyKindOfQuery(dataset: Dataset, retriever: Retriever): Query[] {
  const n = retriever.items.size;
  const history = Array.from(dataset.log.history(0), (item) =>
    retriever.items.find(dataset.log.items.idOf(item)),
  );
  const known = history.filter((item) => item !== undefined);
  return [
    { user: dataset.log.users.idOf(0), history: known },
    { history: known.slice(0, 1) },
    { history: known.slice(0, 3), exclude: [n - 1, n - 2] },
    { history: known.slice(2), candidates: [0, 1, 2, 3, 4, 5, 6, 7] },
    { text: 'space battle', history: [] },
    {},
  ];
}
