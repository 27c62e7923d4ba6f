import { openDatabase } from './open-database.js';
import type { PostgresOptions } from './postgres-connection.js';
import { SqlFeedbackStore } from './sql-feedback-store.js';

/**
 * Opens a durable feedback store: in a PGlite folder of this machine, or on a PostgreSQL server. Tables are made, or
 * brought up to date.
 *
 * Feedback is on the disk when `append` resolves: a kill or a loss of power at any moment takes nothing of it.
 *
 * @param place - a folder, for one process at a time; or `postgres://user:password@host:port/database`, for any number
 * @throws StoreError of code `store-locked` while another process has the folder open; `store-failed` if the server does
 *   not answer
 * @throws ArtifactError if the folder holds something else, or a damaged database
 *
 * @example
 * ```ts
 * await using store = await openFeedbackStore(process.env.DATABASE_URL ?? './feedback');
 * await store.append([{ id: 'e1', user: 'ann', item: 'lamp', time: 1_700_000_000, kind: 'like' }]);
 * for await (const { user, item, kind } of store.read()) console.log(user, item, kind); // ann lamp like
 * ```
 */
export async function openFeedbackStore(place: string, options?: PostgresOptions): Promise<SqlFeedbackStore> {
  return new SqlFeedbackStore(await openDatabase(place, options));
}
