import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe } from 'vitest';
import { freePort } from '../../../scripts/free-port.js';
import { type OpenedDatabase, openDatabase } from '../src/open-database.js';
import { vectorContract } from './database-facts.js';

// pgvector where no server has it: the client of servers speaks to PGlite.
let server: ChildProcess;
let database: OpenedDatabase;
beforeAll(async () => {
  const port = await freePort();
  const program = fileURLToPath(new URL('pglite-server.mjs', import.meta.url));
  server = spawn(process.execPath, [program, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => server.stdout?.once('data', resolve));
  // It has one session, and no COPY.
  database = await openDatabase(`postgres://postgres@127.0.0.1:${port}/postgres`, {
    connections: 1,
    seconds: 600,
    copy: false,
  });
});
afterAll(async () => {
  await database?.connection.close();
  server.kill('SIGKILL');
});

describe('a database by the protocol of a server', () => {
  vectorContract(() => database, [{ search: 'hnsw', precision: 'half', recall: 0.95, tolerance: 2e-3 }]);
});
