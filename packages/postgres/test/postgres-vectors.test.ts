import { afterAll, beforeAll, describe } from 'vitest';
import { type OpenedDatabase, openDatabase } from '../src/open-database.js';
import { vectorContract, vectorFacts } from './database-facts.js';
import { findPostgresWithVectors, type PostgresServer, startPostgres } from './postgres-server.js';

const found = await findPostgresWithVectors();
const why = 'missing' in found ? `: ${found.missing}` : '';

describe.skipIf('missing' in found)(`vectors on a PostgreSQL server${why}`, () => {
  let server: PostgresServer;
  let database: OpenedDatabase;
  beforeAll(async () => {
    server = await startPostgres('bin' in found ? found.bin : '');
    database = await openDatabase(server.url, { connections: 3 });
  });
  afterAll(async () => {
    await database?.connection.close();
    await server?.stop();
  });

  vectorContract(
    () => database,
    [
      { search: 'exact', recall: 1 },
      { search: 'hnsw', precision: 'half', recall: 0.95, tolerance: 2e-3 },
    ],
  );
  vectorFacts(() => database);
});
