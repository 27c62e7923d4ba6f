import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Dataset,
  fingerprint,
  type InteractionLog,
  type LongCallOptions,
  type TextEncoder,
  withLog,
} from '@palate/core';
import { retrieverConformance } from '@palate/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  checkSettings,
  fitOrLoadMethod,
  METHODS,
  type Method,
  methodContext,
  methodOf,
} from '../src/index.js';
import { methodTable } from '../src/methods/method-table.js';
import { shop } from './shop.js';
import { WordEncoder } from './test-encoder.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'palate-methods-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const encoder = new WordEncoder();
/** Settings that make a method small enough for a test of its contract. */
const SMALL: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ials: { factors: 6, iterations: 3 },
  bpr: { factors: 6, epochs: 3 },
  sasrec: { dimension: 8 },
  bert4rec: { dimension: 8 },
  unisrec: { dimension: 8, experts: 2 },
  zesrec: { dimension: 8 },
  'vq-rec': { dimension: 8 },
  rpg: { dimension: 8 },
  tiger: { dimension: 16 },
  'palr-local': { dimension: 16, userShare: 0.5 },
};

/** Methods that take a part to be stopped or chosen by. */
const STOPPED = [
  'sasrec',
  'bert4rec',
  'unisrec',
  'zesrec',
  'vq-rec',
  'rpg',
  'tiger',
  'palr-local',
  'light-gcn',
  'graph',
];

function fit({ key, defaults, fit: fitMethod }: Method) {
  return (dataset: Dataset, { seed, signal, onProgress, ...rest }: LongCallOptions) =>
    fitMethod(
      dataset,
      { ...defaults?.quick, ...SMALL[key], ...rest },
      methodContext(dataset, { folder: join(root, key), encoder, seed, signal, onProgress }),
    );
}

for (const method of METHODS)
  describe(method.key, () => {
    for (const { name, run } of retrieverConformance({
      fit: fit(method),
      load: (dir) => method.load(dir, { settings: {}, encoder: async () => encoder }),
      emptyQuery: method.key === 'random' ? 'own choice' : 'favourites',
    }))
      test(name, run);
  });

describe('the registry', () => {
  test('has each key once, in lower case, with what a table needs', () => {
    expect(new Set(METHODS.map(({ key }) => key)).size).toBe(METHODS.length);
    for (const method of METHODS) {
      expect(method.key).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(method.title.length).toBeGreaterThan(5);
      expect(method.package).toMatch(/^@palate\/[a-z-]+$/);
      expect(() => checkSettings(method, { ...method.defaults?.quick })).not.toThrow();
      expect(() => checkSettings(method, { ...method.defaults?.full })).not.toThrow();
    }
    expect(() => methodOf('item-kn')).toThrow(/Did you mean item-knn/);
  });

  test('is the table of the README', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(methodTable());
  });

  test.each(METHODS.filter(({ deterministic }) => deterministic))(
    'is right that the seed changes nothing of $key',
    async (method) => {
      const dataset = shop();
      const lists = [];
      for (const seed of [1, 2]) {
        const model = await fit(method)(dataset, { seed });
        lists.push(await model.retrieve([{ history: [1, 2] }, { text: 'calm tea', history: [] }], 8));
      }
      expect(lists[0]).toEqual(lists[1]);
    },
  );
});

describe('a method that was stopped or chosen by a part', () => {
  const dataset = shop();
  const { offsets, row } = dataset.log.byUser();
  const last = new Set(Array.from(dataset.log.users, (_, user) => row[(offsets[user + 1] ?? 0) - 1] ?? 0));
  const rows = Int32Array.from(dataset.log.user.keys());
  const [train, part] = [false, true].map((isLast) =>
    dataset.log.select(rows.filter((at) => last.has(at) === isLast)),
  ) as [InteractionLog, InteractionLog];
  const stopped = METHODS.filter(({ key }) => STOPPED.includes(key));
  test.each(stopped)('knows it when it is loaded, as $key', async (method) => {
    const settings = { ...method.defaults?.quick, ...SMALL[method.key] };
    const context = methodContext(withLog(dataset, train), {
      folder: join(root, 'stopped'),
      encoder,
      validation: part,
    });
    const { reused, model } = await fitOrLoadMethod(method, withLog(dataset, train), { settings, context });
    expect(reused).toBe(false);
    expect(model.fittedOn).toEqual([fingerprint(train), fingerprint(part)]);
    const again = await fitOrLoadMethod(method, withLog(dataset, train), { settings, context });
    expect(again.reused).toBe(true);
    expect(again.model.fittedOn).toEqual(model.fittedOn);
    // Without the part it is another model.
    const alone = methodContext(withLog(dataset, train), { folder: join(root, 'stopped'), encoder });
    const other = await fitOrLoadMethod(method, withLog(dataset, train), { settings, context: alone });
    expect(other.reused).toBe(false);
    expect(other.model.fittedOn).toEqual([fingerprint(train)]);
  });
});

describe('the identity of texts', () => {
  test('is another with another encoder, also where that is made when it is first asked for', async () => {
    const of = (each: TextEncoder | { get: () => Promise<TextEncoder> }) =>
      methodContext(shop(), { folder: join(root, 'texts'), encoder: each }).textIdentity();
    const other: TextEncoder = { id: 'letters@1', width: encoder.width, encode: (t) => encoder.encode(t) };
    const [words, letters] = await Promise.all([encoder, other].map(of));
    expect(letters).not.toBe(words);
    expect(await of({ get: async () => encoder })).toBe(words);
    expect(await of({ get: async () => other })).toBe(letters);
  });
});

describe('fitting or loading', () => {
  test('reads what was fitted on equal data with equal settings, texts and seed, and nothing else', async () => {
    const folder = join(root, 'cache');
    const outcome = async (
      key: string,
      settings: Record<string, unknown>,
      dataset = shop(),
      seed = 0,
      texts?: string[],
    ) => {
      const context = methodContext(dataset, { folder, encoder, seed, texts });
      const { reused, dir } = await fitOrLoadMethod(methodOf(key), dataset, { context, settings });
      return { reused, dir };
    };
    const first = await outcome('ials', { factors: 4 });
    expect(first.reused).toBe(false);
    expect(await outcome('ials', { factors: 4 })).toEqual({ ...first, reused: true });
    for (const other of [
      await outcome('ials', { factors: 5 }),
      await outcome('ials', { factors: 4 }, shop({ seed: 4 })),
      await outcome('ials', { factors: 4 }, shop(), 1),
    ]) {
      expect(other.reused).toBe(false);
      expect(other.dir).not.toBe(first.dir);
    }
    // A seed that changes nothing, and texts that nobody reads, make no other model.
    const ease = await outcome('ease', {});
    expect(await outcome('ease', {}, shop(), 7)).toEqual({ ...ease, reused: true });
    const words = shop().catalog.text.title as string[];
    expect(await outcome('ease', {}, shop(), 0, [...words])).toEqual({ ...ease, reused: true });
    const bm25 = await outcome('bm25', {});
    expect((await outcome('bm25', {}, shop(), 0, [...words])).dir).not.toBe(bm25.dir);
    await expect(outcome('ease', { lamda: 3 })).rejects.toThrow(/Did you mean lambda/);
  });
});
