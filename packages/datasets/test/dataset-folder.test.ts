import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalog, createDataset, fingerprint, IdMap, InteractionLog, madeFrom } from '@palate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDataset, saveDataset, statistics } from '../src/index.js';
import { folderWith } from './files.js';

const anyId = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('7', '007', ' x', 'a"b', 'a,b', 'l\r\nf', '\ud800', '\ufeff1', ''),
);

const anyDataset = fc
  .record({
    users: fc.uniqueArray(anyId, { minLength: 1, maxLength: 5 }),
    items: fc.uniqueArray(anyId, { minLength: 1, maxLength: 6 }),
    rows: fc.array(
      fc.record({
        user: fc.nat(),
        item: fc.nat(),
        timestamp: fc.oneof(
          fc.integer({ min: 0, max: 2 ** 40 }),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
        ),
        rating: fc.float({ noNaN: true, noDefaultInfinity: true }),
        request: fc.integer({ min: -1, max: 9 }),
      }),
      { maxLength: 12 },
    ),
    rated: fc.boolean(),
    requested: fc.boolean(),
    isPosition: fc.boolean(),
    title: fc.array(fc.string(), { minLength: 6, maxLength: 6 }),
    fact: fc.array(
      fc.oneof(
        fc.string(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
        fc.array(fc.string(), { maxLength: 3 }),
        fc.constant(undefined),
      ),
      { minLength: 6, maxLength: 6 },
    ),
    column: fc.constantFrom('price', '__proto__', 'ü "x"'),
  })
  .map(({ users, items, rows, rated, requested, isPosition, title, fact, column }) => {
    const log = new InteractionLog({
      users: new IdMap(users, 'user'),
      items: new IdMap(items, 'item'),
      user: Int32Array.from(rows, ({ user }) => user % users.length),
      item: Int32Array.from(rows, ({ item }) => item % items.length),
      timestamp: Float64Array.from(rows, ({ timestamp }) => timestamp + 0),
      timeUnit: isPosition ? 'position' : 'seconds',
      ...(rated ? { rating: Float32Array.from(rows, ({ rating }) => rating + 0) } : {}),
      ...(requested ? { request: Int32Array.from(rows, ({ request }) => request) } : {}),
    });
    return createDataset({
      name: 'any',
      log,
      catalog: new Catalog({
        items: log.items,
        text: { title: title.slice(0, items.length) },
        attributes: Object.fromEntries([[column, fact.slice(0, items.length)]]),
      }),
      users: { users: log.users, attributes: { age: users.map((_, k) => (k % 2 === 0 ? k : undefined)) } },
      licence: 'CC0-1.0',
      source: 'made up',
    });
  });

test('whatever a data set holds comes back as it was', async () => {
  const folder = await folderWith({});
  let k = 0;
  await fc.assert(
    fc.asyncProperty(anyDataset, async (dataset) => {
      const path = join(folder, `${k++}`);
      await saveDataset(dataset, path);
      const back = await openDataset(path);
      expect(fingerprint(back.log)).toBe(fingerprint(dataset.log));
      expect([...back.log.users]).toEqual([...dataset.log.users]);
      expect([...back.log.items]).toEqual([...dataset.log.items]);
      expect(back.log.timeUnit).toBe(dataset.log.timeUnit);
      expect(back.log.timestamp).toEqual(dataset.log.timestamp);
      expect(back.log.rating).toEqual(dataset.log.rating);
      expect(back.log.request).toEqual(dataset.log.request);
      expect(back.catalog.text).toEqual(dataset.catalog.text);
      expect(Object.entries(back.catalog.attributes)).toEqual(Object.entries(dataset.catalog.attributes));
      expect(back.users?.attributes).toEqual(dataset.users?.attributes);
      expect([back.name, back.licence, back.source]).toEqual(['any', 'CC0-1.0', 'made up']);
    }),
    { numRuns: 60 },
  );
});

test('an id with the character of code 0 comes back as it was', async () => {
  const path = join(await folderWith({}), 'zero');
  const log = InteractionLog.fromRows([{ user: 'ann', item: 'a\0b', timestamp: 1 }]);
  const catalog = new Catalog({ items: log.items, text: {} });
  await saveDataset(
    createDataset({ name: 'zero', log, catalog, licence: 'CC0-1.0', source: 'made up' }),
    path,
  );
  expect([...(await openDataset(path)).log.items]).toEqual(['a\0b']);
});

const small = createDataset({
  name: 'small',
  log: InteractionLog.fromRows([
    { user: 'ann', item: 'tea', timestamp: 86_400, rating: 4.3 },
    { user: 'bob, jr', item: '007', timestamp: 86_401.25, rating: 5 },
  ]),
  catalog: new Catalog({ items: new IdMap(['tea', '007', 'cup']), text: { title: ['Tea', 'Pot', 'Cup'] } }),
  licence: 'MIT',
  source: 'made up',
});

test('the files are open formats that other programs read', async () => {
  const folder = join(await folderWith({}), 'small');
  await saveDataset(small, folder);
  expect((await readdir(folder)).sort()).toEqual([
    'interactions.csv',
    'items.jsonl',
    'manifest.json',
    'users.jsonl',
  ]);
  expect(await readFile(join(folder, 'interactions.csv'), 'utf8')).toBe(
    'user,item,rating,time\nann,tea,4.3,86400\n"bob, jr",007,5,86401.25\n',
  );
  expect(await readFile(join(folder, 'items.jsonl'), 'utf8')).toBe(
    '{"id":"tea","text":{"title":"Tea"},"attributes":{}}\n{"id":"007","text":{"title":"Pot"},"attributes":{}}\n',
  );
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  expect(manifest).toMatchObject({ kind: 'dataset', dataFingerprint: fingerprint(small.log) });
  expect(manifest.config).toMatchObject({ name: 'small', licence: 'MIT' });
  expect(manifest.config.statistics).toEqual(statistics(small.log));
});

test('what texts know of interactions comes back too', async () => {
  const folder = join(await folderWith({}), 'reviewed');
  const provenance = { title: madeFrom({ until: 86_400 }) };
  const { items, text } = small.catalog;
  await saveDataset({ ...small, catalog: new Catalog({ items, text, provenance }) }, folder);
  expect((await openDataset(folder)).catalog.provenance).toEqual(provenance);
});

test('what was changed is refused; what is not ours is never replaced', async () => {
  const parent = await folderWith({});
  const folder = join(parent, 'small');
  await saveDataset(small, folder);
  await saveDataset(small, folder);
  await appendFile(join(folder, 'interactions.csv'), 'ann,tea,1,1\n');
  await expect(openDataset(folder)).rejects.toMatchObject({
    code: 'artifact',
    received: expect.stringMatching(/bytes/),
  });
  const foreign = join(parent, 'foreign');
  await mkdir(foreign);
  await writeFile(join(foreign, 'notes.txt'), 'mine');
  await expect(saveDataset(small, foreign)).rejects.toMatchObject({ code: 'artifact' });
  expect(await readdir(foreign)).toEqual(['notes.txt']);
  await expect(openDataset(foreign)).rejects.toMatchObject({ code: 'artifact' });
  await expect(openDataset(join(parent, 'nowhere'))).rejects.toMatchObject({ received: 'nothing there' });
});

test('a cancelled writing leaves nothing', async () => {
  const parent = await folderWith({});
  await expect(
    saveDataset(small, join(parent, 'small'), { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: 'cancelled' });
  expect(await readdir(parent)).toEqual([]);
});
