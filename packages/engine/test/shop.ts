import { Catalog, createDataset, type Dataset, IdMap, InteractionLog, RandomStream } from '@palate/core';

/** Kinds of goods, with words that their descriptions are made of. */
const KINDS = {
  tea: ['leaf', 'brew', 'calm', 'cup', 'oolong'],
  tool: ['steel', 'grip', 'drill', 'saw', 'robust'],
  toy: ['play', 'puzzle', 'child', 'wood', 'colour'],
} as const;

/** How a shop is made. */
export interface ShopOptions {
  readonly users?: number;
  readonly itemsPerKind?: number;
  readonly seed?: number;
  /** False to leave all texts and attributes out. */
  readonly hasTexts?: boolean;
}

/** A made-up shop: everybody buys within one kind of goods, mostly; kinds, prices and descriptions are told. */
export function shop({ users = 36, itemsPerKind = 8, seed = 3, hasTexts = true }: ShopOptions = {}): Dataset {
  const random = new RandomStream(seed);
  const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];
  const ids = kinds.flatMap((kind) => Array.from({ length: itemsPerKind }, (_, k) => `${kind}-${k}`));
  const rows: { user: string; item: string; timestamp: number; rating: number }[] = [];
  for (let u = 0; u < users; u++) {
    const own = u % kinds.length;
    const bought = new Set<string>();
    while (bought.size < 5) {
      const kind = kinds[random.uniform() < 0.9 ? own : random.integer(kinds.length)];
      bought.add(`${kind}-${random.integer(itemsPerKind)}`);
    }
    for (const [k, item] of [...bought].entries())
      rows.push({ user: `user-${u}`, item, timestamp: 1000 + 100 * k + u, rating: 3 + random.integer(3) });
  }
  const items = new IdMap(ids);
  const seen = InteractionLog.fromRows(rows);
  const log = new InteractionLog({
    users: seen.users,
    items,
    user: seen.user,
    item: seen.item.map((item) => items.indexOf(seen.items.idOf(item))),
    timestamp: seen.timestamp,
    rating: seen.rating,
  });
  const kindOf = (id: string): keyof typeof KINDS => id.split('-')[0] as keyof typeof KINDS;
  const numberOf = (id: string): number => Number(id.split('-')[1]);
  return createDataset({
    name: 'Shop',
    log,
    catalog: new Catalog({
      items,
      text: hasTexts
        ? {
            title: ids.map(
              (id) => `${kindOf(id)[0]?.toUpperCase()}${kindOf(id).slice(1)} number ${numberOf(id)}`,
            ),
            description: ids.map((id) => {
              const words = KINDS[kindOf(id)];
              return `${words[numberOf(id) % 5]} and ${words[(numberOf(id) + 1) % 5]}`;
            }),
          }
        : {},
      attributes: hasTexts
        ? {
            kind: ids.map((id) => [kindOf(id)]),
            price: ids.map((id) => 5 + 10 * numberOf(id)),
          }
        : {},
    }),
    licence: 'MIT',
    source: 'made up',
  });
}
