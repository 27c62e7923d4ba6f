import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  type Dataset,
  fingerprint,
  IdMap,
  InteractionLog,
  RandomStream,
  WORLD,
} from '@palate/core';
import { knowledgeStoreConformance, vectorIndexConformance } from '@palate/core/testing';
import { ExactIndex } from '@palate/retrievers';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { OpenedDatabase } from '../src/open-database.js';
import { PalateDatabase } from '../src/palate-database.js';
import { lent } from '../src/sql-connection.js';
import { SqlKnowledgeStore } from '../src/sql-knowledge-store.js';
import type { SqlVectorIndex } from '../src/sql-vector-index.js';
import type { VectorTableOptions } from '../src/vector-options.js';

/** Rows of unit vectors. */
export function unitVectors(seed: number, rows: number, width: number): Float32Array {
  const random = new RandomStream(seed);
  const vectors = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const own = vectors.subarray(row * width, (row + 1) * width).map(() => random.normal());
    const norm = Math.hypot(...own);
    vectors.set(
      own.map((value) => value / norm),
      row * width,
    );
  }
  return vectors;
}

/** The same database of each test, which others close. */
const shared = ({ connection, place }: OpenedDatabase): PalateDatabase =>
  new PalateDatabase({ connection: lent(connection), place });

/** Facts about the tables that need no extension. */
export function relationalFacts(open: () => OpenedDatabase): void {
  for (const { name, run } of knowledgeStoreConformance({
    create: async () => {
      const { connection } = open();
      await connection.run([{ text: 'truncate palate_knowledge, palate_knowledge_claims' }]);
      return new SqlKnowledgeStore(lent(connection));
    },
    reopen: async () => new SqlKnowledgeStore(lent(open().connection)),
  }))
    test(`knowledge: ${name}`, run);

  test('knowledge: a claim of a process that has ended passes on', async () => {
    const { connection } = open();
    const store = new SqlKnowledgeStore(lent(connection));
    const key = { entityType: 'item', entity: 'z', kind: 'k', promptVersion: '1', model: 'm' } as const;
    expect(await store.claim(key, 'one')).toBe('granted');
    // No process has this number.
    await connection.run([
      {
        text: `update palate_knowledge_claims set holder = regexp_replace(holder, '"pid":[0-9]+', '"pid":999999999')`,
      },
    ]);
    expect(await store.claim(key, 'two')).toBe('granted');
    expect(await store.claim(key, 'one')).toBe('taken');
  });

  test('data sets come back as they were, whatever their ids and texts, and are replaced as a whole', async () => {
    const database = shared(open());
    const text = fc.string({ unit: 'binary', maxLength: 8 });
    const number = fc
      .double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 })
      .map((x) => (x === 0 ? 0 : x));
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          items: fc.uniqueArray(text, { minLength: 1, maxLength: 6 }),
          users: fc.uniqueArray(text, { minLength: 1, maxLength: 6 }),
          rows: fc.array(fc.record({ u: fc.nat(99), i: fc.nat(99), at: number, rating: number }), {
            maxLength: 12,
          }),
          titles: fc.array(text, { minLength: 6, maxLength: 6 }),
          attributes: fc.array(
            fc.oneof(text, number, fc.array(text, { maxLength: 3 }), fc.constant(undefined)),
            {
              minLength: 6,
              maxLength: 6,
            },
          ),
          hasRating: fc.boolean(),
          hasUsers: fc.boolean(),
        }),
        async ({ items, users, rows, titles, attributes, hasRating, hasUsers }) => {
          const dataset = datasetOf('a "set"\0', {
            items,
            users,
            rows,
            titles,
            attributes,
            hasRating,
            hasUsers,
          });
          await database.datasets.save(dataset);
          const read = await database.datasets.open(dataset.name);
          expect(fingerprint(read.log)).toBe(fingerprint(dataset.log));
          expect([...read.log.items]).toEqual(items);
          expect([...read.log.users]).toEqual(users);
          expect(read.log.rating).toEqual(dataset.log.rating);
          expect(read.catalog.text).toEqual(dataset.catalog.text);
          expect(read.catalog.attributes).toEqual(dataset.catalog.attributes);
          expect(read.catalog.provenance).toEqual(dataset.catalog.provenance);
          expect(read.users?.attributes).toEqual(dataset.users?.attributes);
        },
      ),
      { numRuns: 15 },
    );
    expect(await database.datasets.names()).toEqual(['a "set"\0']);
    await expect(database.datasets.open('other')).rejects.toThrow(/"a \\"set\\"\\u0000".*"other"/);
    expect(await database.datasets.remove('a "set"\0')).toBe(true);
    expect(await database.datasets.remove('a "set"\0')).toBe(false);
    expect(await database.datasets.names()).toEqual([]);
  });

  test('data sets of more rows than are read at a time come back whole', async () => {
    const { datasets } = shared(open());
    const random = new RandomStream(3);
    const rows = Array.from({ length: 20_500 }, (_, k) => ({
      u: random.integer(300),
      i: random.integer(80),
      at: k,
      rating: 1,
    }));
    const ids = (prefix: string, n: number) => Array.from({ length: n }, (_, k) => `${prefix}${k}`);
    const dataset = datasetOf('large', {
      items: ids('i', 80),
      users: ids('u', 300),
      rows,
      titles: ids('title ', 80),
      attributes: ids('a', 80),
      hasRating: true,
      hasUsers: false,
    });
    await datasets.save(dataset);
    expect(fingerprint((await datasets.open('large')).log)).toBe(fingerprint(dataset.log));
    await datasets.remove('large');
  });
}

function datasetOf(
  name: string,
  parts: {
    readonly items: readonly string[];
    readonly users: readonly string[];
    readonly rows: readonly { u: number; i: number; at: number; rating: number }[];
    readonly titles: readonly string[];
    readonly attributes: readonly (string | number | readonly string[] | undefined)[];
    readonly hasRating: boolean;
    readonly hasUsers: boolean;
  },
): Dataset {
  const users = new IdMap(parts.users, 'user');
  const items = new IdMap(parts.items, 'item');
  const { rows } = parts;
  return createDataset({
    name,
    licence: 'MIT',
    source: 'a test',
    log: new InteractionLog({
      users,
      items,
      user: Int32Array.from(rows, ({ u }) => u % users.size),
      item: Int32Array.from(rows, ({ i }) => i % items.size),
      timestamp: Float64Array.from(rows, ({ at }) => at),
      rating: parts.hasRating ? Float32Array.from(rows, ({ rating }) => rating) : undefined,
    }),
    catalog: new Catalog({
      items,
      text: { title: parts.titles.slice(0, items.size) },
      attributes: { 'of\0it': parts.attributes.slice(0, items.size) },
      provenance: { title: { kind: 'interactions', sources: [{ until: 3 }] } },
    }),
    ...(parts.hasUsers ? { users: { users, attributes: { name: parts.titles.slice(0, users.size) } } } : {}),
  });
}

/** A kind of table of vectors, with how well it has to find. */
export type VectorKind = Omit<VectorTableOptions, 'width'> & {
  readonly recall: number;
  readonly tolerance?: number | undefined;
};

let made = 0;
const next = (): string => `vectors ${made++}\0`;

/** The contract of a vector index, of some kinds of tables. */
export function vectorContract(open: () => OpenedDatabase, kinds: readonly VectorKind[]): void {
  for (const { recall, tolerance, ...options } of kinds)
    for (const { name, run } of vectorIndexConformance({
      create: (width) => shared(open()).vectors(next(), { width, ...options }),
      load: (dir) => shared(open()).loadVectors(next(), dir, options),
      recall,
      tolerance,
    }))
      test(`${Object.values(options).join(', ')} search: ${name}`, run);
}

/** Facts about vectors in a database that has pgvector. */
export function vectorFacts(open: () => OpenedDatabase): void {
  let folder: string | undefined;
  afterAll(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test('an HNSW search finds what a filter admits, through its index where it can and by comparing all where not', async () => {
    const width = 8;
    const vectors = unitVectors(1, 3000, width);
    const ids = Array.from({ length: 3000 }, (_, k) => `v${k}`);
    const index = await shared(open()).vectors(next(), { width, search: 'hnsw', scanned: 400 });
    await index.add(ids, vectors, {
      provenance: WORLD,
      attributes: ids.map((_, k) => ({ shelf: k % 10, tags: k % 500 === 3 ? ['rare', 'a\0'] : ['usual'] })),
    });
    const query = unitVectors(2, 1, width);
    const score = (k: number): number =>
      vectors
        .subarray(k * width, (k + 1) * width)
        .reduce((sum, value, at) => sum + value * (query[at] as number), 0);
    const best = (of: (k: number) => boolean): string[] =>
      Array.from({ length: 3000 }, (_, k) => k)
        .filter(of)
        .sort((a, b) => score(b) - score(a))
        .slice(0, 6)
        .map((k) => `v${k}`);
    const found = async (options: Parameters<SqlVectorIndex['search']>[2]): Promise<string[]> =>
      ((await index.search(query, 6, options))[0] ?? []).map(({ id }) => id);
    expect(await found({ having: { tags: ['rare', 'a\0'] } })).toEqual(best((k) => k % 500 === 3));
    expect(await found({ having: { shelf: 7 }, filter: (id) => id.endsWith('17') })).toEqual(
      best((k) => k % 100 === 17),
    );
    expect(await found({ having: { shelf: 11 } })).toEqual([]);
    const share = (await found({ having: { shelf: 3 } })).filter((id) =>
      best((k) => k % 10 === 3).includes(id),
    );
    expect(share.length).toBeGreaterThanOrEqual(5);
    // Attributes are replaced with their vector.
    await index.add(['v7'], vectors.subarray(7 * width, 8 * width), { attributes: [{ shelf: 11 }] });
    expect(await found({ having: { shelf: 11 } })).toEqual(['v7']);
    expect(index.size).toBe(3000);
  });

  test('what it saves an exact index in memory loads, with the same answers', async () => {
    folder = await mkdtemp(join(tmpdir(), 'palate-vectors-'));
    const index = await shared(open()).vectors(next(), { width: 4 });
    await index.add(['a', 'b', 'c'], unitVectors(5, 3, 4), { provenance: WORLD });
    await index.save(join(folder, 'saved'));
    const loaded = await ExactIndex.load(join(folder, 'saved'));
    const query = unitVectors(6, 2, 4);
    const rounded = (lists: readonly (readonly { id: string; score: number }[])[]) =>
      lists.map((list) => list.map(({ id, score }) => [id, score.toFixed(5)]));
    expect(rounded(await loaded.search(query, 3))).toEqual(rounded(await index.search(query, 3)));
    expect(loaded.provenance).toEqual(WORLD);
  });

  test('a table is found again by its name, refused with other options, and removed', async () => {
    const database = shared(open());
    const name = next();
    await (await database.vectors(name, { width: 3 })).add(['a'], Float32Array.of(1, 0, 0));
    const again = await database.vectors(name, { width: 3 });
    expect(again.size).toBe(1);
    await expect(database.vectors(name, { width: 4 })).rejects.toThrow(/width 3.*width 4/);
    await expect(database.vectors('wide', { width: 3000, search: 'hnsw' })).rejects.toThrow(
      /2000.*precision: 'half'/,
    );
    expect(await database.vectorNames()).toContain(name);
    expect(await database.removeVectors(name)).toBe(true);
    expect(await database.removeVectors(name)).toBe(false);
    expect((await database.vectors(name, { width: 4 })).size).toBe(0);
  });

  test('two handles on one table see each other’s vectors, and count them once', async () => {
    const database = shared(open());
    const name = next();
    const [one, two] = await Promise.all(
      [0, 1].map(() => database.vectors(name, { width: 4, search: 'hnsw' })),
    );
    if (!one || !two) throw new Error('no handles');
    const ids = (from: number) => Array.from({ length: 60 }, (_, k) => `v${from + k}`);
    // Thirty ids are written by both.
    await Promise.all([one.add(ids(0), unitVectors(1, 60, 4)), two.add(ids(30), unitVectors(2, 60, 4))]);
    await one.refresh();
    expect(one.size).toBe(90);
    const [list = []] = await one.search(unitVectors(3, 1, 4), 90);
    expect(new Set(list.map(({ id }) => id)).size).toBe(90);
    expect(await two.remove(ids(0))).toBe(60);
    expect(two.size).toBe(30);
  });
}
