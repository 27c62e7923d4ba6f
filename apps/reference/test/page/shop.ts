import { Catalog, createDataset, type Dataset, IdMap, InteractionLog, RandomStream } from '@palate/core';

/** A title that would be bold, and run a script, if it were taken for markup. */
export const MARKED = '<b>Bold</b> & <script>window.marked = true</script>';

const KINDS = {
  tea: ['leaf', 'brew', 'calm', 'cup', 'oolong'],
  tool: ['steel', 'grip', 'drill', 'saw', 'robust'],
  toy: ['play', 'puzzle', 'child', 'wooden', 'colour'],
} as const;
const PER_KIND = 8;

/** A small made-up shop, in which everybody buys one kind of goods; one item has a title full of markup. */
export function shop(): Dataset {
  const random = new RandomStream(11);
  const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];
  const goods = kinds.flatMap((kind) =>
    Array.from({ length: PER_KIND }, (_, k) => ({ kind, k, id: `${kind}-${k}` })),
  );
  const rows = Array.from({ length: 45 }, (_, u) => {
    const kind = kinds[u % kinds.length] as keyof typeof KINDS;
    return Array.from(random.sample(PER_KIND, 4), (k, n) => ({
      user: `user-${u}`,
      item: `${kind}-${k}`,
      timestamp: 1000 + 10 * n + u,
    }));
  }).flat();
  const seen = InteractionLog.fromRows(rows);
  const items = new IdMap([...goods.map(({ id }) => id), 'marked']);
  return createDataset({
    name: 'A small shop',
    log: new InteractionLog({
      users: seen.users,
      items,
      user: seen.user,
      item: seen.item.map((item) => items.indexOf(seen.items.idOf(item))),
      timestamp: seen.timestamp,
    }),
    catalog: new Catalog({
      items,
      text: {
        title: [
          ...goods.map(({ kind, k }) => `${kind[0]?.toUpperCase()}${kind.slice(1)} number ${k}`),
          MARKED,
        ],
        description: [
          ...goods.map(({ kind, k }) => `${KINDS[kind][k % 5]} and ${KINDS[kind][(k + 1) % 5]}`),
          'bold, marked and lonely',
        ],
      },
      attributes: {
        price: [...goods.map(({ k }) => 5 + 10 * k), 3],
      },
    }),
    licence: 'MIT',
    source: 'made up',
  });
}
