/**
 * Measures what methods take on this machine at sizes of minutes, and reckons from that, by how each grows, what they take at
 * sizes that nobody runs to see: memory, processor hours and money. Prints Markdown, as docs/scale.md has it.
 *
 * pnpm run script apps/reference/bench/scale.ts [--money 0.04] [--gigabytes 32] [--hours 240] [--each 50] [--rates FILE]
 *
 * --money: of one core for an hour; --gigabytes and --hours: what is at most given to a fit; --rates: measured before by another
 * run, which writes them there.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Catalog, createDataset, type Dataset, IdMap, InteractionLog, RandomStream } from '@palate/core';
import { methodContext, methodOf } from '@palate/engine';
import { amountOf, constantsOf, LAWS, type Law, mostItems, type Size } from './scale-laws.js';

const { values } = parseArgs({
  options: {
    money: { type: 'string', default: '0.04' },
    gigabytes: { type: 'string', default: '32' },
    hours: { type: 'string', default: '240' },
    each: { type: 'string', default: '50' },
    rates: { type: 'string' },
  },
});
const [money, gigabytes, hours, each] = [values.money, values.gigabytes, values.hours, values.each].map(
  Number,
) as [number, number, number, number];

interface Rates {
  readonly machine: string;
  readonly measured: Readonly<
    Record<string, readonly { readonly size: Size; readonly fit: number; readonly list: number }[]>
  >;
}

/** Sizes that are measured: users and items change apart from each other. */
const SIZES: readonly Size[] = [
  { users: 1000, items: 500, each: 20 },
  { users: 4000, items: 500, each: 20 },
  { users: 1000, items: 2000, each: 20 },
];
/** One more, for methods whose time does not grow with the cube of the items. */
const MANY_ITEMS: Size = { users: 1000, items: 20_000, each: 20 };
/** Settings that are reckoned with, where the defaults train long: seconds are of one pass. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { sasrec: { epochs: 1 } };
/** Passes that a fit takes of what one was measured of. */
const PASSES: Readonly<Record<string, number>> = { sasrec: 30 };

function madeUp({ users, items, each: count }: Size): Dataset {
  const random = new RandomStream(1);
  const itemIds = new IdMap(Array.from({ length: items }, (_, item) => `i${item}`));
  return createDataset({
    name: 'made up',
    log: new InteractionLog({
      users: new IdMap(
        Array.from({ length: users }, (_, user) => `u${user}`),
        'user',
      ),
      items: itemIds,
      user: Int32Array.from({ length: users * count }, (_, row) => Math.floor(row / count)),
      item: Int32Array.from({ length: users * count }, () => Math.floor(items * random.uniform() ** 2)),
      timestamp: Float64Array.from({ length: users * count }, (_, row) => row % count),
    }),
    catalog: new Catalog({ items: itemIds, text: {} }),
    licence: 'MIT',
    source: 'made up',
  });
}

/** Processor seconds that work takes, on all cores together. */
async function processorSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function measure(
  { method: key }: Law,
  folder: string,
): Promise<{ size: Size; fit: number; list: number }[]> {
  const method = methodOf(key);
  const settings = SETTINGS[key] ?? {};
  const rows: { size: Size; fit: number; list: number }[] = [];
  // The first fit loads and compiles what all share.
  const sizes = [SIZES[0] as Size, ...SIZES, ...(key === 'ease' ? [] : [MANY_ITEMS])];
  for (const [nth, size] of sizes.entries()) {
    const dataset = madeUp(size);
    let model: Awaited<ReturnType<typeof method.fit>> | undefined;
    const fit = await processorSeconds(async () => {
      model = await method.fit(dataset, settings, methodContext(dataset, { folder, seed: 1 }));
    });
    const queries = Array.from({ length: 512 }, (_, user) => ({ history: dataset.log.history(user) }));
    const list = (await processorSeconds(async () => model?.retrieve(queries, 100))) / queries.length;
    model?.dispose?.();
    if (nth > 0) rows.push({ size, fit, list });
  }
  return rows;
}

async function ratesOf(): Promise<Rates> {
  const known =
    values.rates === undefined ? undefined : await readFile(values.rates, 'utf8').catch(() => undefined);
  if (known !== undefined) return JSON.parse(known) as Rates;
  const folder = await mkdtemp(join(tmpdir(), 'palate-scale-'));
  try {
    const measured: Record<string, { size: Size; fit: number; list: number }[]> = {};
    for (const law of LAWS) measured[law.method] = await measure(law, folder);
    const rates = { machine: `${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`, measured };
    if (values.rates !== undefined) await writeFile(values.rates, `${JSON.stringify(rates, null, 1)}\n`);
    return rates;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const short = (value: number): string => {
  if (value === 0) return '0';
  for (const [from, unit] of [
    [1e15, ' P'],
    [1e12, ' T'],
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ] as const)
    if (value >= from) return `${Number((value / from).toPrecision(2))}${unit}`;
  return String(Number(value.toPrecision(2)));
};

const rates = await ratesOf();
const SHOPS: readonly Size[] = [
  { users: 1e6, items: 1e5, each },
  { users: 1e8, items: 1e7, each },
];
const lines = [
  `Rates of: ${rates.machine}; ${each} interactions a user, a core at ${money} of money an hour.`,
  '',
];
for (const size of SHOPS) {
  lines.push(
    `**${short(size.users)} users, ${short(size.items)} items** (${short(size.users * size.each)} interactions)`,
    '',
    '| method | memory (B) | fit (core hours) | money | lists of everybody (core hours) | money |',
    '|---|---|---|---|---|---|',
  );
  for (const { method, fit, list, bytes } of LAWS) {
    const measured = rates.measured[method] ?? [];
    const at = (terms: Law['fit'], of: 'fit' | 'list'): number =>
      amountOf(
        terms,
        constantsOf(
          terms,
          measured.map((row) => ({ size: row.size, value: row[of] })),
        ),
        size,
      );
    const fitted = (at(fit, 'fit') * (PASSES[method] ?? 1)) / 3600;
    const lists = (at(list, 'list') * size.users) / 3600;
    lines.push(
      `| ${method} | ${short(bytes(size))} | ${short(fitted)} | ${short(fitted * money)} | ${short(lists)} | ${short(lists * money)} |`,
    );
  }
  lines.push('');
}
lines.push(
  `**Where each stops**, with ${short(1e6)} users, ${gigabytes} GB and ${hours} core hours for a fit`,
  '',
  '| method | most items by memory | by time | then |',
  '|---|---|---|---|',
);
for (const { method, fit, bytes, next } of LAWS) {
  const measured = (rates.measured[method] ?? []).map((row) => ({ size: row.size, value: row.fit }));
  const constants = constantsOf(fit, measured);
  const shop = SHOPS[0] as Size;
  const most = (holds: (size: Size) => boolean): string => {
    const found = mostItems(shop, holds);
    return found >= 9e10 ? 'any' : short(found);
  };
  lines.push(
    `| ${method} | ${most((size) => bytes(size) <= gigabytes * 1e9)} | ${most((size) => amountOf(fit, constants, size) * (PASSES[method] ?? 1) <= hours * 3600)} | ${next} |`,
  );
}
process.stdout.write(`${lines.join('\n')}\n`);
