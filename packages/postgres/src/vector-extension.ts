import { PalateError } from '@palate/core';
import { type SqlConnection, sqlStateOf } from './sql-connection.js';

/**
 * Makes sure that a database has pgvector.
 *
 * @param place - where the database is, for messages
 * @returns its version, as `[0, 8]`
 * @throws PalateError of code `missing-dependency` that says how to get it
 */
export async function requireVectors(
  connection: SqlConnection,
  place: string,
): Promise<readonly [number, number]> {
  const installed = { text: "select extversion from pg_extension where extname = 'vector'" };
  let [rows = []] = await connection.run([installed]);
  if (rows.length === 0) {
    try {
      await connection.run([{ text: 'create extension if not exists vector' }]);
    } catch (cause) {
      // Another one may have made it at this moment; what is lacking, or not allowed, says so by these states.
      const state = sqlStateOf(cause) ?? '';
      if (/^(0A000|58P01|42501)$/.test(state))
        throw new PalateError('missing-dependency', {
          expected: `the extension vector (pgvector) in the database at ${place}`,
          received: state === '42501' ? 'no permission to create it' : 'a server that does not have it',
          hint:
            'Here: npm install @electric-sql/pglite-pgvector. On a server: install pgvector (postgresql-NN-pgvector of the' +
            ' packages of PostgreSQL), then create extension vector, as a superuser. Everything else works without it.',
          cause,
        });
      if (state !== '23505' && state !== '42710') throw cause;
    }
    [rows = []] = await connection.run([installed]);
  }
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(String(rows[0]?.extversion)) ?? [];
  return [Number(major), Number(minor)];
}
