import { Catalog, createDataset, type Dataset, InteractionLog, RandomStream } from '@palate/core';

/** Users who like one of two genres, films of both, ratings that say so. */
export function madeUpFilms(users = 60, films = 24, each = 12, seed = 1): Dataset {
  const random = new RandomStream(seed);
  const rows = [];
  for (let user = 0; user < users; user++) {
    const order = random.shuffle(Array.from({ length: films }, (_, film) => film)).slice(0, each);
    for (const [at, film] of order.entries())
      rows.push({
        user: `u${user}`,
        item: `f${film}`,
        timestamp: 1000 * user + at,
        rating: film % 2 === user % 2 ? 4 + (random.uniform() < 0.5 ? 1 : 0) : 1 + random.integer(2),
      });
  }
  const log = InteractionLog.fromRows(rows);
  const index = [...log.items].map((id) => Number(id.slice(1)));
  return createDataset({
    name: 'made up',
    log,
    catalog: new Catalog({
      items: log.items,
      text: { title: index.map((film) => `Film ${film}`) },
      attributes: {
        genres: index.map((film) => [film % 2 === 0 ? 'Drama' : 'War', ...(film % 3 === 0 ? ['Crime'] : [])]),
        year: index.map((film) => 1990 + film),
      },
    }),
    users: {
      users: log.users,
      attributes: { side: [...log.users].map((id) => (Number(id.slice(1)) % 2 === 0 ? 'even' : 'odd')) },
    },
    licence: 'MIT',
    source: 'made up',
  });
}
