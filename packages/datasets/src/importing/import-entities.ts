import {
  type AttributeValue,
  Catalog,
  checkOptions,
  IdMap,
  InvalidInputError,
  type LongCallOptions,
  ParseError,
  type UserTable,
} from '@palate/core';
import { ENOUGH } from '../files/read-lines.js';
import { AttributeColumn, textOf } from '../tables/entity-columns.js';
import { positionOf, type RowPosition } from '../tables/row-position.js';
import { readRows } from '../tables/row-reader.js';
import { type ColumnName, namesOf, type TableReading } from '../tables/table-columns.js';
import { describeTable, type TableDescription } from './describe-table.js';
import { guessTitle, isDescribing } from './guess-columns.js';
import { columnIn, type EntityRoles } from './import-options.js';
import type { UnderstoodTable } from './understood-table.js';

/** Reading of a table about items or users, and how it meets the interactions. */
export interface ImportedEntities extends UnderstoodTable {
  /** Rows, each an item or user. */
  readonly rows: number;
  /** Items or users of the interactions without a row. */
  readonly withoutRow: number;
  /** Rows that no interaction is about. */
  readonly withoutInteraction: number;
  /** Rows left out because an earlier one has their id. */
  readonly repeated: number;
}

interface EntityOptions extends LongCallOptions {
  readonly encoding: string | undefined;
  readonly skipRepeats: boolean;
  /** How the interactions call the id. */
  readonly called: ColumnName;
}

interface ReadEntities {
  readonly catalog: Catalog;
  readonly table: UserTable;
  readonly understood: ImportedEntities;
  readonly notes: readonly string[];
}

/**
 * Reads a table about items or users.
 *
 * @param known - ids of the interactions
 * @throws InvalidInputError if none of its ids occurs in the interactions
 */
export async function importEntities(
  what: 'item' | 'user',
  path: string,
  known: IdMap,
  given: EntityRoles,
  options: EntityOptions,
): Promise<ReadEntities> {
  checkOptions(
    `${what}Columns of importDataset`,
    given,
    what === 'item' ? ['id', 'title', 'text', 'attributes'] : ['id', 'attributes'],
  );
  const table = await describeTable(path, {
    encoding: options.encoding,
    signal: options.signal,
    rows: LOOKED_AT,
  });
  const reading: TableReading = {
    signal: options.signal,
    onProgress: options.onProgress,
    encoding: options.encoding,
    format: table.format,
    delimiter: table.delimiter,
    header: table.header,
  };
  const named = (column: ColumnName): ColumnName => columnIn(column, table.header);
  const roles: EntityRoles = {
    id: given.id === undefined ? undefined : named(given.id),
    title: given.title === undefined || given.title === false ? given.title : named(given.title),
    text: given.text?.map(named),
    attributes: given.attributes?.map(named),
  };
  const id = roles.id ?? (await guessId(path, table, known, options.called, reading));
  if (id === undefined)
    throw new InvalidInputError({
      expected: `a column of ${path} that holds the ${what} ids of the interactions, such as ${JSON.stringify(known.idOf(0))}`,
      received: `columns ${namesOf(table.columns.map(({ name, examples }) => `${name} (${examples[0] ?? 'empty'})`))}`,
      hint: `Name the column of the ids, if the table is about the same ${what}s.`,
    });
  const { title, text, attributes } = chooseFields(what, table, id, roles);
  const texts = new Map<string, { readonly column: ColumnName; readonly values: string[] }>();
  if (title !== undefined) texts.set('title', { column: title, values: [] });
  for (const column of text) texts.set(fieldName(column), { column, values: [] });
  const facts = new Map<string, { readonly column: ColumnName; readonly values: AttributeColumn }>();
  for (const column of attributes)
    facts.set(fieldName(column, texts), { column, values: new AttributeColumn() });
  const lines = new Map<string, number>();
  let repeated = 0;
  await readRows(
    path,
    [id, ...[...texts.values(), ...facts.values()].map(({ column }) => column)],
    (row) => {
      const key = idOf(row.get(id), what, id, row.at);
      const before = lines.get(key);
      if (before !== undefined) {
        if (options.skipRepeats) {
          repeated++;
          return;
        }
        throw new ParseError(positionOf(row.at), {
          expected: `every ${what} once`,
          received: `${JSON.stringify(key)}, which line ${before} has too`,
          hint: "Remove one of the two, or keep the first of each with skip: ['repeated-id'] (--skip repeated-id).",
        });
      }
      lines.set(key, row.at.line);
      for (const { column, values } of texts.values()) values.push(textOf(row.get(column)));
      for (const { column, values } of facts.values()) values.add(row.get(column));
    },
    reading,
  );
  const ids = new IdMap(lines.keys(), what);
  let withoutRow = 0;
  for (const each of known) if (!ids.has(each)) withoutRow++;
  if (withoutRow === known.size)
    throw new InvalidInputError({
      expected: `${what} ids of the interactions in the column ${JSON.stringify(id)} of ${path}, such as ${JSON.stringify(known.idOf(0))}`,
      received: `others alone, such as ${JSON.stringify(ids.idOf(0))}`,
      hint: `Name the column that holds the same ids, or leave the file out.`,
    });
  const columns: Record<string, readonly AttributeValue[]> = Object.fromEntries(
    [...facts].map(([name, { values }]) => [name, values.done()]),
  );
  const withoutInteraction = ids.size - (known.size - withoutRow);
  return {
    catalog: new Catalog({
      items: ids,
      text: Object.fromEntries([...texts].map(([name, { values }]) => [name, values])),
      attributes: columns,
    }),
    table: {
      users: ids,
      attributes: Object.fromEntries(
        Object.entries(columns).map(([name, values]) => [
          name,
          values.map((value) =>
            Array.isArray(value) ? value.join(', ') : (value as string | number | undefined),
          ),
        ]),
      ),
    },
    understood: {
      table,
      columns: {
        id,
        ...(title === undefined ? {} : { title }),
        ...(text.length === 0 ? {} : { text }),
        ...(attributes.length === 0 ? {} : { attributes }),
      },
      guessed: (['id', 'title', 'text', 'attributes'] as const).filter(
        (role) => roles[role] === undefined && (role !== 'title' || title !== undefined),
      ),
      rows: ids.size,
      withoutRow,
      withoutInteraction,
      repeated,
    },
    notes: [
      ...(withoutRow > 0 ? [`${withoutRow} of ${known.size} ${what}s have no row in ${path}`] : []),
      ...(withoutInteraction > 0
        ? [
            `${withoutInteraction} ${what}s of ${path} have no interaction${what === 'user' ? ' and are left out' : ''}`,
          ]
        : []),
      ...(repeated > 0
        ? [
            `${repeated === 1 ? `one row of ${path} has` : `${repeated} rows of ${path} have`} an id of an earlier row, and ${repeated === 1 ? 'is' : 'are'} left out`,
          ]
        : []),
      ...[...facts].flatMap(([name, { values }]) =>
        values.objects > 0 ? [`${values.objects} values of ${name} are objects, which are kept as JSON`] : [],
      ),
    ],
  };
}

/** The name of a field of the catalogue: that of its column, unless another field has it. */
function fieldName(column: ColumnName, taken?: ReadonlyMap<string, { readonly column: ColumnName }>): string {
  const name = String(column);
  return taken?.has(name) && taken.get(name)?.column !== column ? `${name} (column)` : name;
}

function idOf(value: unknown, what: 'item' | 'user', column: ColumnName, at: RowPosition): string {
  const isId =
    typeof value === 'string' ||
    typeof value === 'bigint' ||
    (typeof value === 'number' &&
      Number.isFinite(value) &&
      (!Number.isInteger(value) || Number.isSafeInteger(value)));
  const id = isId ? String(value).trim() : '';
  if (id !== '') return id;
  throw new ParseError(positionOf(at), {
    expected: `${what === 'item' ? 'an' : 'a'} ${what} id in ${JSON.stringify(column)}, as text or number`,
    received: value === undefined || value === null || value === '' ? 'none' : textOf(value),
    hint: 'Repair or remove the line, or name another column.',
  });
}

/** Rows in which columns are looked for. */
const LOOKED_AT = 100_000;

/** The column whose values are the ids of the interactions: of several the one that is called alike. */
async function guessId(
  path: string,
  table: TableDescription,
  known: IdMap,
  called: ColumnName,
  reading: TableReading,
): Promise<ColumnName | undefined> {
  const columns = table.columns.filter(
    ({ type }) => type !== 'list' && type !== 'object' && type !== 'empty',
  );
  const hits = new Map<ColumnName, number>(columns.map(({ name }) => [name, 0]));
  let rows = 0;
  try {
    await readRows(
      path,
      columns.map(({ name }) => name),
      (row) => {
        if (rows++ >= LOOKED_AT) throw ENOUGH;
        for (const [column, count] of hits) {
          const value = row.get(column);
          if (value !== undefined && value !== null && known.has(String(value).trim()))
            hits.set(column, count + 1);
        }
      },
      reading,
    );
  } catch (error) {
    if (error !== ENOUGH) throw error;
  }
  const likely = (name: ColumnName): number =>
    name === called
      ? 3
      : /^(id|key)$/i.test(String(name))
        ? 2
        : /(id|code|sku|no|nr|key)$/i.test(String(name))
          ? 1
          : 0;
  const [best] = [...hits]
    .filter(([, count]) => count > 0)
    .sort(([a, hitsOfA], [b, hitsOfB]) => hitsOfB - hitsOfA || likely(b) - likely(a));
  return best?.[0];
}

function chooseFields(
  what: 'item' | 'user',
  table: TableDescription,
  id: ColumnName,
  roles: EntityRoles,
): {
  readonly title?: ColumnName | undefined;
  readonly text: readonly ColumnName[];
  readonly attributes: readonly ColumnName[];
} {
  const others = table.columns.filter(
    ({ name, type }) => name !== id && (type !== 'empty' || !table.isWhole),
  );
  if (what === 'user') return { text: [], attributes: roles.attributes ?? others.map(({ name }) => name) };
  const title = roles.title === false ? undefined : (roles.title ?? guessTitle(table.columns, id));
  const rest = others.filter(({ name }) => name !== title);
  const text =
    roles.text?.filter((column) => column !== title) ??
    rest
      .filter((column) => !roles.attributes?.includes(column.name) && isDescribing(column))
      .map(({ name }) => name);
  return {
    title,
    text,
    attributes: (roles.attributes ?? rest.map(({ name }) => name)).filter(
      (column) => column !== title && !text.includes(column),
    ),
  };
}
