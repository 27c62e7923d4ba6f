import { basename } from 'node:path';
import {
  Catalog,
  checkOptions,
  createDataset,
  type Dataset,
  IdMap,
  InteractionLog,
  InvalidInputError,
  type LongCallOptions,
} from '@palate/core';
import { saveDataset } from '../saved/dataset-folder.js';
import { type Statistics, statistics } from '../splits/statistics.js';
import { LogBuilder } from '../tables/log-builder.js';
import { SKIP_CAUSES, type SkipCause } from '../tables/row-faults.js';
import { namesOf, type TableColumns } from '../tables/table-columns.js';
import { readTableInto } from '../tables/table-reader.js';
import { isYearLast } from '../tables/times.js';
import type { ColumnDescription } from './column-description.js';
import { describeTable, type TableDescription } from './describe-table.js';
import { guessColumns, isCalled } from './guess-columns.js';
import { type ImportedEntities, importEntities } from './import-entities.js';
import { columnIn, IMPORT_OPTIONS, type ImportOptions, type InteractionRoles } from './import-options.js';
import type { UnderstoodTable } from './understood-table.js';

/** Result of {@link importDataset}, and how it understood the files. */
export interface ImportedDataset {
  readonly dataset: Dataset;
  readonly statistics: Statistics;
  readonly interactions: UnderstoodTable;
  readonly items?: ImportedEntities | undefined;
  readonly users?: ImportedEntities | undefined;
  /** The data set's folder, where one was written. */
  readonly folder?: string | undefined;
}

/**
 * Reads interactions, and what is known of items and users, from files of any format, and writes them as a data set
 * folder that {@link openDataset} reads. Columns that are not named are guessed; the result says which.
 *
 * Items without an interaction stay in the catalogue, after the others: they can be recommended by their texts. Takes
 * time linear in the files.
 *
 * @throws ParseError naming file, line and column of what is malformed
 * @throws InvalidInputError if a column is not there, or cannot be guessed
 * @throws ArtifactError if `folder` holds something else, or cannot be written
 * @example
 * ```ts
 * const { dataset, statistics } = await importDataset({
 *   interactions: 'orders.csv',
 *   items: 'products.jsonl',
 *   columns: { user: 'customer', item: 'sku', timestamp: 'day' },
 *   folder: 'shop',
 * });
 * ```
 */
export async function importDataset(options: ImportOptions): Promise<ImportedDataset> {
  const settings = IMPORT_OPTIONS.settings(options);
  const { encoding, folder } = settings;
  const long: LongCallOptions = { signal: options.signal, onProgress: options.onProgress };
  const roles = settings.columns ?? {};
  checkOptions('columns of importDataset', roles, ['user', 'item', 'rating', 'timestamp', 'request']);
  const table = await describeTable(settings.interactions, {
    delimiter: settings.delimiter,
    encoding,
    signal: options.signal,
  });
  const { columns, guessed, notes } = chooseColumns(table, roles, settings.timestampUnit);
  const builder = new LogBuilder({
    hasRating: columns.rating !== undefined,
    hasRequest: columns.request !== undefined,
    unit: columns.timestamp === undefined ? 'position' : settings.timestampUnit,
    skip: settings.skip.filter((cause): cause is SkipCause =>
      (SKIP_CAUSES as readonly string[]).includes(cause),
    ),
    names: { ...columns },
  });
  await readTableInto(builder, settings.interactions, columns, {
    ...long,
    format: table.format,
    delimiter: table.delimiter,
    header: table.header,
    encoding,
  });
  const { log: read, reading } = builder.build(settings.interactions);
  const entityOptions = { ...long, encoding, skipRepeats: settings.skip.includes('repeated-id') };
  const items =
    settings.items === undefined
      ? undefined
      : await importEntities('item', settings.items, read.items, settings.itemColumns ?? {}, {
          ...entityOptions,
          called: columns.item,
        });
  const users =
    settings.users === undefined
      ? undefined
      : await importEntities('user', settings.users, read.users, settings.userColumns ?? {}, {
          ...entityOptions,
          called: columns.user,
        });
  const log = items === undefined ? read : withItems(read, items.catalog.items);
  const files = [settings.interactions, settings.items, settings.users].filter((file) => file !== undefined);
  const dataset = createDataset({
    name: settings.name ?? nameOf(settings.interactions),
    log,
    catalog: items?.catalog ?? new Catalog({ items: log.items, text: {} }),
    users: users?.table,
    licence: settings.licence,
    source: settings.source ?? files.map((file) => basename(file)).join(', '),
    reading: {
      ...reading,
      notes: [...notes, ...reading.notes, ...(items?.notes ?? []), ...(users?.notes ?? [])],
    },
  });
  if (folder !== undefined) await saveDataset(dataset, folder, long);
  return {
    dataset,
    statistics: statistics(log),
    interactions: {
      table,
      columns: Object.fromEntries(Object.entries(columns).filter(([, column]) => column !== undefined)),
      guessed,
    },
    items: items?.understood,
    users: users?.understood,
    folder,
  };
}

/** `orders` for `data/orders.csv.gz`. */
function nameOf(path: string): string {
  return (
    basename(path).replace(/(\.(csv|tsv|txt|jsonl|ndjson|json|parquet|dat|tab|gz|zst|zip))+$/i, '') || path
  );
}

/** The log with the items of a catalogue behind its own. */
function withItems(log: InteractionLog, known: IdMap): InteractionLog {
  const more = [...known].filter((id) => !log.items.has(id));
  if (more.length === 0) return log;
  return new InteractionLog({
    users: log.users,
    items: new IdMap([...log.items, ...more], 'item'),
    user: log.user,
    item: log.item,
    timestamp: log.timestamp,
    timeUnit: log.timeUnit,
    rating: log.rating,
    request: log.request,
  });
}

function chooseColumns(
  table: TableDescription,
  roles: InteractionRoles,
  unit: string,
): { readonly columns: TableColumns; readonly guessed: string[]; readonly notes: string[] } {
  const given = new Set(
    Object.values(roles)
      .filter((column) => column !== undefined && column !== false)
      .map((column) => columnIn(column, table.header)),
  );
  const all = guessColumns(table.columns, given);
  // Who did not rate still chose: a guess never makes ratings out of a column that leaves some out.
  const rated = table.columns.find(({ name }) => name === all.rating);
  const { rating: _, ...others } = all;
  const isPartly = roles.rating === undefined && rated !== undefined && rated.missing > 0;
  const guess: typeof all = isPartly ? others : all;
  const notes = isPartly
    ? [
        `${JSON.stringify(rated.name)} has no value in ${rated.missing} of ${table.isWhole ? '' : 'the first '}${table.rows} rows, and is not used: columns.rating (--rating ${rated.name}) with skip: ['no-rating'] (--skip no-rating) uses the rows that are rated, and no others`,
      ]
    : [];
  const guessed: string[] = [];
  const chosen = (role: keyof TableColumns): string | number | undefined => {
    const named = roles[role];
    if (named !== undefined) return named === false ? undefined : columnIn(named, table.header);
    if (guess[role] !== undefined) guessed.push(role);
    return guess[role];
  };
  const [user, item] = [chosen('user'), chosen('item')];
  if (user === undefined || item === undefined)
    throw new InvalidInputError({
      expected: `a column of ${user === undefined ? 'users' : 'items'} of ${table.file}`,
      received: `columns none of which has that name: ${columnsInWords(table.columns)}`,
      hint: `Name it: columns.${user === undefined ? 'user' : 'item'}, or --${user === undefined ? 'user' : 'item'} COLUMN${table.header === false ? ' (its position from 0, as there is no header line)' : ''}.`,
    });
  const isOrdered = unit === 'day-first' || unit === 'month-first';
  const timestamp = chosen('timestamp') ?? (isOrdered ? unreadTime(table, given)?.name : undefined);
  if (isOrdered && timestamp !== undefined && roles.timestamp === undefined) guessed.push('timestamp');
  if (timestamp === undefined && roles.timestamp === undefined) refuseUnreadTime(table, given, unit);
  return {
    columns: { user, item, rating: chosen('rating'), timestamp, request: chosen('request') },
    guessed,
    notes,
  };
}

/** Columns with examples, for a person to choose from. */
function columnsInWords(columns: readonly ColumnDescription[]): string {
  return namesOf(
    columns.map(({ name, examples }) => `${name}${examples[0] === undefined ? '' : ` (${examples[0]})`}`),
  );
}

/** A column that is called a time, but is none by its values. */
function unreadTime(table: TableDescription, given: ReadonlySet<unknown>): ColumnDescription | undefined {
  return table.columns.find(
    ({ name, type }) =>
      typeof name === 'string' &&
      !given.has(name) &&
      (type === 'text' || type === 'mixed') &&
      isCalled('timestamp', name),
  );
}

/** Refuses to take the order of rows for time where a column is called a time, but is written in a form of its own. */
function refuseUnreadTime(table: TableDescription, given: ReadonlySet<unknown>, unit: string): void {
  const unread = unreadTime(table, given);
  if (unread === undefined || unit !== 'auto') return;
  throw new InvalidInputError({
    expected: `times of ${table.file} as numbers since 1970, in ISO 8601 (2024-12-31, 2024-12-31T23:59:00Z) or with the month named (Dec 31, 2024)`,
    received: `${JSON.stringify(unread.examples[0] ?? '')} in ${JSON.stringify(unread.name)}`,
    hint: `${
      unread.examples.some(isYearLast)
        ? "Say whether the day or the month comes first (timestampUnit: 'day-first' or 'month-first', --time-unit), "
        : 'Rewrite the column, '
    }or read no times (columns.timestamp: false, --no-time): then the order of rows replaces them.`,
  });
}
