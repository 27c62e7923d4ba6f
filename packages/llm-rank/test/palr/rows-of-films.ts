import { Catalog, createDataset, type Dataset, InteractionLog, RandomStream } from '@palate/core';

/** Users who walk up one of two rows of films. */
export function rows(users = 40, each = 10): Dataset {
  const random = new RandomStream(3);
  const list = [];
  for (let user = 0; user < users; user++) {
    const start = random.integer(12);
    for (let k = 0; k < each; k++)
      list.push({
        user: `u${user}`,
        item: `${user % 2 === 0 ? 'a' : 'b'}${(start + k) % 20}`,
        timestamp: 100 * user + k,
        rating: 4,
      });
  }
  const log = InteractionLog.fromRows(list);
  return createDataset({
    name: 'rows',
    log,
    catalog: new Catalog({
      items: log.items,
      text: { title: [...log.items].map((id) => `Film ${id}`) },
      attributes: { genres: [...log.items].map((id) => [id.startsWith('a') ? 'Drama' : 'War']) },
    }),
    licence: 'MIT',
    source: 'made up',
  });
}
