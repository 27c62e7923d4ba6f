import {
  checkChoice,
  checkNumber,
  FEEDBACK_KINDS,
  type FeedbackKind,
  type FeedbackRecord,
  type FeedbackStore,
  type StoredFeedback,
  StoreError,
} from '@palate/core';
import { hexDigestOf } from './digest.js';
import { LOCKS, lockStatement } from './migrations.js';
import type { OpenedDatabase } from './open-database.js';
import { rowsInOrder } from './rows-in-order.js';
import { SqlAddedItems } from './sql-added-items.js';
import type { SqlConnection, SqlRow, SqlStatement } from './sql-connection.js';
import { fromStoredText, toStoredText } from './stored-text.js';

/** An append that waits for its transaction. */
interface Waiting {
  readonly records: readonly FeedbackRecord[];
  readonly resolve: (result: { readonly stored: number }) => void;
  readonly reject: (error: unknown) => void;
}

/** Records of one transaction at most, and rows that are read at a time. */
const LARGEST_GROUP = 5000;
const PAGE = 2000;

/**
 * Feedback in an SQL database. An append is answered when its transaction is on the disk; appends that come while one is
 * under way share the next.
 */
export class SqlFeedbackStore implements FeedbackStore {
  /** Items that were added, in the same database. */
  readonly items: SqlAddedItems;
  readonly #connection: SqlConnection;
  readonly #place: string;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  /** @param database - the store owns its connection from then on */
  constructor({ connection, place }: OpenedDatabase) {
    this.#connection = connection;
    this.#place = place;
    this.items = new SqlAddedItems(connection);
  }

  async append(records: readonly FeedbackRecord[]): Promise<{ readonly stored: number }> {
    this.#checkOpen();
    for (const { time, rating, kind } of records) {
      checkNumber('time', time);
      if (rating !== undefined) checkNumber('rating', rating);
      checkChoice('kind', kind, FEEDBACK_KINDS);
    }
    if (records.length === 0) return { stored: 0 };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async *read(after = 0): AsyncGenerator<StoredFeedback> {
    this.#checkOpen();
    const select = 'select sequence, id, user_id, item_id, at, kind, rating, request from palate_feedback';
    for await (const row of rowsInOrder(this.#connection, select, { after, page: PAGE })) yield recordOf(row);
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#writing;
      await this.#connection.close();
    })();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new StoreError('store-closed', this.#place, {
        expected: 'an open feedback store',
        received: 'a closed one',
        hint: 'Close it after its last use.',
      });
  }

  async #write(): Promise<void> {
    // Calls in the same turn of the event loop go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group: Waiting[] = [];
      let size = 0;
      do {
        const next = this.#waiting.shift() as Waiting;
        group.push(next);
        size += next.records.length;
      } while (this.#waiting[0] && size + this.#waiting[0].records.length <= LARGEST_GROUP);
      await this.#store(group);
    }
    // In the same turn in which nothing waited: what comes later begins anew.
    this.#writing = undefined;
  }

  async #store(group: readonly Waiting[]): Promise<void> {
    const records = group.flatMap((each) => each.records);
    try {
      const rows =
        (await this.#connection.run([lockStatement(LOCKS.feedback), insertion(records)])).at(-1) ?? [];
      const added = new Set(rows.map(({ id }) => fromStoredText(String(id))));
      for (const each of group) {
        let stored = 0;
        // An id counts for the first that brought it.
        for (const { id } of each.records) if (added.delete(id)) stored++;
        each.resolve({ stored });
      }
    } catch (error) {
      for (const each of group) each.reject(error);
    }
  }
}

/** Stores records in their order; those whose id is known are left out. */
function insertion(records: readonly FeedbackRecord[]): SqlStatement {
  const text = (read: (record: FeedbackRecord) => string | undefined): (string | null)[] =>
    records.map((record) => {
      const value = read(record);
      return value === undefined ? null : toStoredText(value);
    });
  return {
    text: `insert into palate_feedback (id, id_digest, user_id, item_id, at, kind, rating, request)
      select id, decode(digest, 'hex'), user_id, item_id, at, kind, rating, request
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::text[], $7::float8[], $8::text[])
        with ordinality as given (id, digest, user_id, item_id, at, kind, rating, request, place)
      order by place
      on conflict (id_digest) do nothing
      returning id`,
    values: [
      text(({ id }) => id),
      records.map(({ id }) => hexDigestOf(id)),
      text(({ user }) => user),
      text(({ item }) => item),
      records.map(({ time }) => time),
      records.map(({ kind }) => kind),
      records.map(({ rating }) => rating ?? null),
      text(({ request }) => request),
    ],
  };
}

function recordOf(row: SqlRow): StoredFeedback {
  const { sequence, id, user_id, item_id, at, kind, rating, request } = row;
  return {
    sequence: Number(sequence),
    id: fromStoredText(String(id)),
    user: fromStoredText(String(user_id)),
    item: fromStoredText(String(item_id)),
    time: Number(at),
    kind: String(kind) as FeedbackKind,
    ...(rating === null ? {} : { rating: Number(rating) }),
    ...(request === null ? {} : { request: fromStoredText(String(request)) }),
  };
}
