import type { ListPlan, ListSink, UserList } from '@palate/core';
import { openDatabase } from './open-database.js';
import type { PostgresOptions } from './postgres-connection.js';
import type { SqlConnection } from './sql-connection.js';
import { toStoredText } from './stored-text.js';

/** Everybody's lists in a table: `palate_lists`. A block is one transaction, in which each of its users gets the new list. */
class ListTable implements ListSink {
  readonly #connection: SqlConnection;
  #identity = '';
  #closed: Promise<void> | undefined;

  constructor(connection: SqlConnection) {
    this.#connection = connection;
  }

  async begin({ identity }: ListPlan): Promise<ReadonlySet<number>> {
    this.#identity = identity;
    const [rows = []] = await this.#connection.run([
      { text: 'select block from palate_list_blocks where identity = $1', values: [identity] },
    ]);
    return new Set(rows.map(({ block }) => Number(block)));
  }

  async write(block: number, lists: readonly UserList[]): Promise<void> {
    const rows = lists.flatMap(({ user, items }) =>
      items.map(({ id, score }, at) => ({
        user: toStoredText(user),
        rank: at + 1,
        id: toStoredText(id),
        score,
      })),
    );
    await this.#connection.run([
      {
        text: 'delete from palate_lists where user_id = any($1::text[])',
        values: [lists.map(({ user }) => toStoredText(user))],
      },
      {
        text: `insert into palate_lists (user_id, rank, item_id, score)
          select * from unnest($1::text[], $2::int[], $3::text[], $4::float8[])`,
        values: [
          rows.map(({ user }) => user),
          rows.map(({ rank }) => rank),
          rows.map(({ id }) => id),
          rows.map(({ score }) => score),
        ],
      },
      {
        text: 'insert into palate_list_blocks (identity, block) values ($1, $2) on conflict do nothing',
        values: [this.#identity, block],
      },
    ]);
  }

  /** The next run of the same identity computes all lists again. */
  async finish(): Promise<void> {
    await this.#connection.run([
      { text: 'delete from palate_list_blocks where identity = $1', values: [this.#identity] },
    ]);
    await this.close();
  }

  close(): Promise<void> {
    this.#closed ??= this.#connection.close();
    return this.#closed;
  }
}

/** Everybody's lists on a connection, which is closed with them. */
export const listTableOn = (connection: SqlConnection): ListSink => new ListTable(connection);

/**
 * Opens the table of everybody's lists, which is made where it is missing: on a PostgreSQL server, or in a PGlite folder.
 *
 * @param place - `postgres://user:password@host:port/database`, or a folder that no other process has open
 * @throws StoreError if the server does not answer, or another process has the folder open
 */
export async function openListTable(place: string, options?: PostgresOptions): Promise<ListSink> {
  const { connection } = await openDatabase(place, options);
  return listTableOn(connection);
}
