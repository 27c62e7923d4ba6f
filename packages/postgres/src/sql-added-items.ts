import type { AddedItem, AddedItemStore, StoredItem } from '@palate/core';
import { LOCKS, lockStatement } from './migrations.js';
import { rowsInOrder } from './rows-in-order.js';
import type { SqlConnection } from './sql-connection.js';
import { fromStoredText, toStoredText } from './stored-text.js';

/** Rows that are read at a time. */
const PAGE = 1000;

/** Added items in an SQL database, beside the feedback. */
export class SqlAddedItems implements AddedItemStore {
  readonly #connection: SqlConnection;

  constructor(connection: SqlConnection) {
    this.#connection = connection;
  }

  async append(items: readonly AddedItem[]): Promise<void> {
    if (items.length === 0) return;
    await this.#connection.run([
      // One writer at a time: numbers rise in the order of commits, so that who reads on from a number misses nothing.
      lockStatement(LOCKS.items),
      {
        text: `insert into palate_added_items (item)
          select item from unnest($1::text[]) with ordinality as given (item, place) order by place`,
        values: [items.map((item) => toStoredText(JSON.stringify(item)))],
      },
    ]);
  }

  async *read(after = 0): AsyncGenerator<StoredItem> {
    const select = 'select sequence, item from palate_added_items';
    for await (const { sequence, item } of rowsInOrder(this.#connection, select, { after, page: PAGE }))
      yield {
        sequence: Number(sequence),
        item: JSON.parse(fromStoredText(String(item))) as AddedItem,
      };
  }
}
