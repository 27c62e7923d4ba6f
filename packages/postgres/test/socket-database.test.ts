import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, beforeAll, describe } from 'vitest';
import { freePort } from '../../../scripts/free-port.js';
import { type OpenedDatabase, openDatabase } from '../src/open-database.js';
import { vectorFacts } from './database-facts.js';

// The protocol of a server, with pgvector, where none has it: the client of servers speaks to PGlite.
let database: OpenedDatabase;
let close: () => Promise<void>;
beforeAll(async () => {
  const db = await PGlite.create({ extensions: { vector } });
  const port = await freePort();
  const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1' });
  await server.start();
  // It has one session, and no COPY.
  database = await openDatabase(`postgres://postgres@127.0.0.1:${port}/postgres`, {
    connections: 1,
    seconds: 600,
    copy: false,
  });
  close = async () => {
    await database.connection.close();
    await server.stop();
    await db.close();
  };
});
afterAll(() => close());

describe('a database by the protocol of a server', () => {
  vectorFacts(() => database, [{ search: 'hnsw', recall: 0.95 }]);
});
