import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPalateDatabase } from '../src/index.js';
import { type OpenedDatabase, openDatabase } from '../src/open-database.js';
import { relationalFacts, vectorContract, vectorFacts } from './database-facts.js';

let root: string;
let database: OpenedDatabase;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'palate-pglite-database-'));
  database = await openDatabase(join(root, 'palate'));
});
afterAll(async () => {
  await database.connection.close();
  await rm(root, { recursive: true, force: true });
});

describe('a database in a PGlite folder', () => {
  relationalFacts(() => database);
  vectorContract(() => database, [{ search: 'exact', recall: 1 }]);
  vectorFacts(() => database);
});

test('everything is kept in one folder, and there again after it was closed', async () => {
  await database.connection.close();
  const place = join(root, 'palate');
  const first = await openPalateDatabase(place);
  const key = { entityType: 'item', entity: 'a', kind: 'k', promptVersion: '1', model: 'm' } as const;
  await first.knowledge.put([{ ...key, text: 'kept', createdAt: 1 }]);
  await (await first.vectors('kept', { width: 2, search: 'hnsw' })).add(['a'], Float32Array.of(1, 0));
  await first.feedback.append([{ id: 'e', user: 'u', item: 'i', time: 1, kind: 'view' }]);
  await first.close();
  const second = await openPalateDatabase(place);
  expect((await second.knowledge.get(key))?.text).toBe('kept');
  const vectors = await second.vectors('kept', { width: 2, search: 'hnsw' });
  expect(await vectors.search(Float32Array.of(1, 0), 1)).toEqual([[{ id: 'a', score: 1 }]]);
  expect(await second.feedback.append([{ id: 'e', user: 'u', item: 'i', time: 1, kind: 'view' }])).toEqual({
    stored: 0,
  });
  await second.close();
});
