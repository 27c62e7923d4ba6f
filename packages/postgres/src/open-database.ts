import { migrate } from './migrations.js';
import { PgliteConnection } from './pglite-connection.js';
import { PostgresConnection, type PostgresOptions } from './postgres-connection.js';
import type { SqlConnection } from './sql-connection.js';

/** A way to a database whose tables are those of this version. */
export interface OpenedDatabase {
  readonly connection: SqlConnection;
  /** How messages call the database; an address may hold a password. */
  readonly place: string;
}

/** Opens a PostgreSQL server by its address, or a PGlite folder. Tables are made, or brought up to date. */
export async function openDatabase(place: string, options?: PostgresOptions): Promise<OpenedDatabase> {
  const isUrl = /^postgres(ql)?:\/\//.test(place);
  const connection: SqlConnection = isUrl
    ? await PostgresConnection.open(place, options)
    : await PgliteConnection.open(place);
  const told = isUrl ? 'the PostgreSQL server' : place;
  try {
    await migrate(connection, told);
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw error;
  }
  return { connection, place: told };
}
