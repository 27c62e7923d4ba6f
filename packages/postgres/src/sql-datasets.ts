import {
  type AttributeValue,
  Catalog,
  createDataset,
  type Dataset,
  fingerprint,
  IdMap,
  InteractionLog,
  InvalidInputError,
  type LongCallOptions,
  type Provenance,
  type ReadingReport,
  readProvenance,
  StoreError,
  throwIfCancelled,
} from '@palate/core';
import { hexDigestOf } from './digest.js';
import type { OpenedDatabase } from './open-database.js';
import type { SqlConnection, SqlRow } from './sql-connection.js';
import { fromStoredJson, toStoredJson } from './stored-json.js';
import { fromStoredText, toStoredText } from './stored-text.js';

/** Rows that are read at a time. */
const PAGE = 20_000;

/** Facts of a data set beside its rows. */
interface Details {
  readonly licence: string;
  readonly source: string;
  readonly timeUnit: 'seconds' | 'position';
  readonly text: readonly string[];
  readonly attributes: readonly string[];
  readonly provenance: Readonly<Record<string, unknown>>;
  /** Columns of the users; left out where nothing is known of them. */
  readonly userAttributes?: readonly string[] | undefined;
  readonly userProvenance?: Readonly<Record<string, unknown>> | undefined;
  readonly reading?: ReadingReport | undefined;
  readonly hasRating: boolean;
  readonly hasRequest: boolean;
  readonly items: number;
  readonly users: number;
  readonly events: number;
  readonly fingerprint: string;
}

/** Data sets in an SQL database, by name: interactions, catalogue and users in tables that others can query as well. */
export class SqlDatasets {
  readonly #connection: SqlConnection;
  readonly #place: string;

  /** @param database - this owns its connection from then on */
  constructor({ connection, place }: OpenedDatabase) {
    this.#connection = connection;
    this.#place = place;
  }

  /** Names of the data sets, in the order in which they were saved. */
  async names(): Promise<string[]> {
    const [rows = []] = await this.#connection.run([
      { text: 'select name from palate_datasets order by number' },
    ]);
    return rows.map(({ name }) => fromStoredText(String(name)));
  }

  /**
   * Saves a data set under its name, in one transaction by COPY; one that was there under that name is replaced. Takes time
   * linear in the rows.
   *
   * @throws StoreError with `isRetryable` if the server went away: nothing is changed then
   */
  async save(dataset: Dataset, options: LongCallOptions = {}): Promise<void> {
    const { log, catalog, users } = dataset;
    const details: Details = {
      licence: dataset.licence,
      source: dataset.source,
      timeUnit: log.timeUnit,
      text: Object.keys(catalog.text),
      attributes: Object.keys(catalog.attributes),
      provenance: catalog.provenance,
      userAttributes: users && Object.keys(users.attributes),
      userProvenance: users?.provenance,
      reading: dataset.reading,
      hasRating: log.rating !== undefined,
      hasRequest: log.request !== undefined,
      items: log.items.size,
      users: log.users.size,
      events: log.length,
      fingerprint: fingerprint(log),
    };
    const [[made] = []] = await this.#connection.run([
      { text: "select nextval(pg_get_serial_sequence('palate_datasets', 'number')) as number" },
    ]);
    const number = Number(made?.number);
    throwIfCancelled(options.signal, 'saving a data set');
    const key = { type: 'int4', at: () => number } as const;
    const position = { type: 'int4', at: (row: number) => row } as const;
    const int = (values: Int32Array) => ({ type: 'int4', at: (row: number) => values[row] }) as const;
    const { rating, request } = log;
    await this.#connection.run([
      {
        text: "delete from palate_datasets where name_digest = decode($1, 'hex')",
        values: [hexDigestOf(dataset.name)],
        isLong: true,
      },
      {
        text: `insert into palate_datasets (number, name, name_digest, details)
          overriding system value values ($1, $2, decode($3, 'hex'), $4)`,
        values: [
          number,
          toStoredText(dataset.name),
          hexDigestOf(dataset.name),
          toStoredText(JSON.stringify(details)),
        ],
      },
      {
        text: 'create temp table palate_incoming (position integer, id text, texts text, attributes text) on commit drop',
      },
      {
        into: 'palate_incoming',
        rows: log.items.size,
        columns: {
          position: position,
          id: { type: 'text', at: (row) => toStoredText(log.items.idOf(row)) },
          texts: { type: 'text', at: (row) => toStoredJson(presentIn(catalog.text, row)) },
          attributes: { type: 'text', at: (row) => toStoredJson(presentIn(catalog.attributes, row)) },
        },
      },
      {
        text: `insert into palate_dataset_items (dataset, position, item_id, texts, attributes)
          select $1::int, position, id, texts::jsonb, attributes::jsonb from palate_incoming`,
        values: [number],
        isLong: true,
      },
      { text: 'truncate palate_incoming' },
      {
        into: 'palate_incoming',
        rows: log.users.size,
        columns: {
          position: position,
          id: { type: 'text', at: (row) => toStoredText(log.users.idOf(row)) },
          attributes: { type: 'text', at: (row) => users && toStoredJson(presentIn(users.attributes, row)) },
        },
      },
      {
        text: `insert into palate_dataset_users (dataset, position, user_id, attributes)
          select $1::int, position, id, attributes::jsonb from palate_incoming`,
        values: [number],
        isLong: true,
      },
      {
        into: 'palate_dataset_events',
        rows: log.length,
        columns: {
          dataset: key,
          position: position,
          user_position: int(log.user),
          item_position: int(log.item),
          at: { type: 'float8', at: (row) => log.timestamp[row] },
          rating: { type: 'float4', at: (row) => rating?.[row] },
          request: { type: 'int4', at: (row) => request?.[row] },
        },
      },
    ]);
  }

  /**
   * Opens a data set: ids and their order, times, ratings, texts and attributes are as they were saved.
   *
   * @throws InvalidInputError if there is none of the name
   * @throws StoreError with `isRetryable` if it was replaced while it was read
   */
  async open(name: string, options: LongCallOptions = {}): Promise<Dataset> {
    const [[found] = []] = await this.#connection.run([
      {
        text: "select number, details from palate_datasets where name_digest = decode($1, 'hex')",
        values: [hexDigestOf(name)],
      },
    ]);
    if (!found)
      throw new InvalidInputError({
        expected: `a data set of ${(await this.names()).map((each) => JSON.stringify(each)).join(', ') || '(none is saved)'}`,
        received: JSON.stringify(name),
        hint: 'Save it there first, or correct the name.',
      });
    const number = Number(found.number);
    const details = JSON.parse(fromStoredText(String(found.details))) as Details;
    const itemIds: string[] = [];
    const texts: Record<string, string>[] = [];
    const attributes: Record<string, AttributeValue>[] = [];
    for await (const row of this.#rows(
      number,
      'item_id, texts, attributes',
      'palate_dataset_items',
      options,
    )) {
      itemIds.push(fromStoredText(String(row.item_id)));
      texts.push(fromStoredJson(row.texts) as Record<string, string>);
      attributes.push(fromStoredJson(row.attributes) as Record<string, AttributeValue>);
    }
    const userIds: string[] = [];
    const known: Record<string, string | number>[] = [];
    for await (const row of this.#rows(number, 'user_id, attributes', 'palate_dataset_users', options)) {
      userIds.push(fromStoredText(String(row.user_id)));
      known.push((fromStoredJson(row.attributes) ?? {}) as Record<string, string | number>);
    }
    const user = new Int32Array(details.events);
    const item = new Int32Array(details.events);
    const timestamp = new Float64Array(details.events);
    const rating = details.hasRating ? new Float32Array(details.events) : undefined;
    const request = details.hasRequest ? new Int32Array(details.events) : undefined;
    let events = 0;
    const columns = 'user_position, item_position, at, rating, request';
    for await (const row of this.#rows(number, columns, 'palate_dataset_events', options)) {
      user[events] = Number(row.user_position);
      item[events] = Number(row.item_position);
      timestamp[events] = Number(row.at);
      if (rating) rating[events] = Number(row.rating);
      if (request) request[events] = Number(row.request);
      events++;
    }
    const users = new IdMap(userIds, 'user');
    const items = new IdMap(itemIds, 'item');
    const isWhole = items.size === details.items && users.size === details.users && events === details.events;
    const log = isWhole
      ? new InteractionLog({
          users,
          items,
          user,
          item,
          timestamp,
          rating,
          request,
          timeUnit: details.timeUnit,
        })
      : undefined;
    if (!log || fingerprint(log) !== details.fingerprint)
      throw new StoreError('store-failed', this.#place, {
        expected: `the data set ${JSON.stringify(name)} as it was saved`,
        received: `${items.size} items, ${users.size} users and ${events} interactions of other contents`,
        hint: 'It was replaced or changed during reading: read it again.',
        isRetryable: true,
      });
    return createDataset({
      name,
      licence: details.licence,
      source: details.source,
      reading: details.reading,
      log,
      catalog: new Catalog({
        items,
        text: columnsOf(details.text, texts, ''),
        attributes: columnsOf<AttributeValue>(details.attributes, attributes, undefined),
        provenance: provenanceIn(details.provenance),
      }),
      users: details.userAttributes && {
        users,
        attributes: columnsOf<string | number | undefined>(details.userAttributes, known, undefined),
        ...(details.userProvenance ? { provenance: provenanceIn(details.userProvenance) } : {}),
      },
    });
  }

  /** Removes a data set; returns whether it was there. */
  async remove(name: string): Promise<boolean> {
    const [rows = []] = await this.#connection.run([
      {
        text: "delete from palate_datasets where name_digest = decode($1, 'hex') returning number",
        values: [hexDigestOf(name)],
        isLong: true,
      },
    ]);
    return rows.length > 0;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async *#rows(
    number: number,
    columns: string,
    table: string,
    { signal }: LongCallOptions,
  ): AsyncGenerator<SqlRow> {
    for (let from = 0; ; from += PAGE) {
      throwIfCancelled(signal, 'reading a data set');
      const [rows = []] = await this.#connection.run([
        {
          text: `select ${columns} from ${table} where dataset = $1 and position >= $2 and position < $3 order by position`,
          values: [number, from, from + PAGE],
        },
      ]);
      yield* rows;
      if (rows.length < PAGE) return;
    }
  }
}

/** Values of a row in some columns, where there are any. */
function presentIn<V>(columns: Readonly<Record<string, readonly V[]>>, row: number): Record<string, V> {
  const entries = Object.entries(columns).flatMap(([name, column]) => {
    const value = column[row] as V;
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new InvalidInputError({
        expected: `finite numbers in the column ${JSON.stringify(name)}`,
        received: `${value} at row ${row}`,
        hint: 'Give undefined where there is no value.',
      });
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

function columnsOf<V>(
  names: readonly string[],
  rows: readonly Readonly<Record<string, V>>[],
  missing: V,
): Record<string, V[]> {
  return Object.fromEntries(
    names.map((name) => [name, rows.map((row) => (Object.hasOwn(row, name) ? (row[name] as V) : missing))]),
  );
}

const provenanceIn = (saved: Readonly<Record<string, unknown>>): Record<string, Provenance> =>
  Object.fromEntries(Object.entries(saved).map(([name, value]) => [name, readProvenance(value)]));
