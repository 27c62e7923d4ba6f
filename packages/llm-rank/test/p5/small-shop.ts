import { Catalog, createDataset, type Dataset, InteractionLog, RandomStream } from '@palate/core';
import type { P5Explanation, P5Review } from '../../src/index.js';

/** Users who walk up one of two rows of things, with ratings by the row: even users like `a`, odd ones `b`. */
export function smallShop(users = 16, each = 6, items = 10): Dataset {
  const random = new RandomStream(5);
  const rows = [];
  for (let user = 0; user < users; user++) {
    const start = random.integer(items);
    for (let k = 0; k < each; k++)
      rows.push({
        user: `u${user}`,
        item: `${user % 2 === 0 ? 'a' : 'b'}${(start + k) % items}`,
        timestamp: 100 * user + k,
        rating: 1 + ((user + k) % 5),
      });
  }
  const log = InteractionLog.fromRows(rows);
  return createDataset({
    name: 'small shop',
    log,
    catalog: new Catalog({
      items: log.items,
      text: {
        title: Array.from(log.items, (id) => `${id.startsWith('a') ? 'red' : 'blue'} thing ${id.slice(1)}`),
      },
    }),
    licence: 'MIT',
    source: 'made up',
  });
}

/** A review of every interaction of a log. */
export function reviewsOf(log: InteractionLog): P5Review[] {
  return Array.from(log.user, (user, row) => ({
    user: log.users.idOf(user),
    item: log.items.idOf(log.item[row] as number),
    text: `this thing got ${log.rating?.[row]} from me`,
    summary: `a ${log.rating?.[row]}`,
  }));
}

/** An explanation of every interaction of a log. */
export function explanationsOf(log: InteractionLog): P5Explanation[] {
  return Array.from(log.user, (user, row) => {
    const id = log.items.idOf(log.item[row] as number);
    const colour = id.startsWith('a') ? 'red' : 'blue';
    return { user: log.users.idOf(user), item: id, text: `it is ${colour} and useful`, feature: colour };
  });
}
