import { Catalog, createDataset, type Dataset, InteractionLog, RandomStream } from '@palate/core';

/** Users walk round a ring of items: what comes next is certain. */
export function ring(users: number, items: number, length: number): Dataset {
  const random = new RandomStream(3);
  const rows = Array.from({ length: users }, (_, user) => {
    const start = random.integer(items);
    return Array.from({ length }, (_, k) => ({
      user: `u${user}`,
      item: `i${(start + k) % items}`,
      timestamp: k,
    }));
  }).flat();
  const log = InteractionLog.fromRows(rows);
  return createDataset({
    name: 'ring',
    log,
    catalog: new Catalog({ items: log.items, text: {} }),
    licence: 'MIT',
    source: 'made up',
  });
}
