import { basename } from 'node:path';
import {
  type CommandContext,
  type CommandLine,
  checkWritable,
  namesIn,
  sentences,
  table,
  withProgress,
} from '@palate/command-line';
import { unknownName } from '@palate/core';
import {
  type ColumnDescription,
  checkDatasetFolder,
  type EntityRoles,
  IMPORT_SKIPS,
  type ImportedDataset,
  type ImportOptions,
  type InteractionRoles,
  importDataset,
  TIMESTAMP_UNITS,
  type UnderstoodTable,
} from '@palate/datasets';
import { Option } from 'commander';
import { action, type PrintingOptions, withPrinting } from '../command-options.js';
import { statisticsInWords } from '../statistics-in-words.js';

/** Options of `palate import`. */
interface ImportCommandOptions extends PrintingOptions {
  readonly user?: string | undefined;
  readonly item?: string | undefined;
  readonly time?: string | false | undefined;
  readonly rating?: string | false | undefined;
  readonly request?: string | undefined;
  readonly items?: string | undefined;
  readonly itemId?: string | undefined;
  readonly title?: string | undefined;
  readonly text?: string | undefined;
  readonly attributes?: string | undefined;
  readonly users?: string | undefined;
  readonly userId?: string | undefined;
  readonly userAttributes?: string | undefined;
  readonly out?: string | undefined;
  readonly timeUnit: ImportOptions['timestampUnit'];
  readonly delimiter?: string | undefined;
  readonly encoding?: string | undefined;
  readonly skip?: string | undefined;
  readonly name?: string | undefined;
  readonly licence?: string | undefined;
  readonly source?: string | undefined;
}

/** Adds `palate import`. */
export function registerImport(program: CommandLine): void {
  withPrinting(program.command('import'))
    .description('make a data set from your own tables: CSV, TSV, JSON, Parquet, compressed or not')
    .argument('<interactions>', 'interactions: a file, or a folder of parts')
    .option('--user <column>', 'column of users (default: guessed from names and values, as all columns are)')
    .option('--item <column>', 'column of items')
    .option('--time <column>', 'column of times')
    .option('--no-time', 'there are no times: use the order of rows')
    .option('--rating <column>', 'column of ratings')
    .option('--no-rating', 'read no ratings')
    .option('--request <column>', 'column of the request, impression or session that showed the item')
    .option('--items <file>', 'file about items, one per row')
    .option('--item-id <column>', 'its column with the item ids')
    .option('--title <column>', 'its column with the titles')
    .option('--text <columns>', 'its columns with texts that describe an item, separated by commas')
    .option('--attributes <columns>', 'its columns to filter by, separated by commas (default: all others)')
    .option('--users <file>', 'file about users, one per row')
    .option('--user-id <column>', 'its column with the user ids')
    .option('--user-attributes <columns>', 'its columns to keep, separated by commas (default: all)')
    .option('--out <folder>', 'folder of the data set; left out: only show how the files are read')
    .addOption(
      new Option('--time-unit <unit>', 'how times are written').choices([...TIMESTAMP_UNITS]).default('auto'),
    )
    .option('--delimiter <text>', 'delimiter between the fields of the interactions')
    .option('--encoding <label>', 'encoding of all files, such as latin1')
    .option('--skip <causes>', `leave out and count rows with these faults: ${IMPORT_SKIPS.join(', ')}`)
    .option('--name <text>', 'name of the data set')
    .option('--licence <text>', 'licence of the data')
    .option('--source <text>', 'where the data comes from')
    .action(action(async () => importCommand));
}

async function importCommand(
  options: ImportCommandOptions,
  context: CommandContext,
  interactions: string,
): Promise<void> {
  const { out } = options;
  if (out !== undefined) {
    await checkDatasetFolder(out);
    await checkWritable(out);
  }
  const imported = await withProgress(`importing ${basename(interactions)}`, context, ({ onProgress }) =>
    importDataset({
      interactions,
      items: options.items,
      users: options.users,
      columns: rolesOf(options),
      itemColumns: itemRolesOf(options),
      userColumns: {
        id: options.userId,
        attributes: options.userAttributes === undefined ? undefined : namesIn(options.userAttributes),
      },
      folder: out,
      timestampUnit: options.timeUnit,
      delimiter: options.delimiter?.replaceAll('\\t', '\t'),
      encoding: options.encoding,
      skip: skipOf(options.skip),
      name: options.name,
      licence: options.licence,
      source: options.source,
      signal: context.signal,
      onProgress,
    }),
  );
  if (context.json) {
    const { dataset, statistics, interactions: understood, items, users, folder } = imported;
    context.printJson({
      name: dataset.name,
      folder,
      licence: dataset.licence,
      statistics,
      reading: dataset.reading,
      interactions: understood,
      items,
      users,
    });
  } else for (const line of inWords(imported)) context.print(line);
}

function rolesOf({ user, item, rating, time, request }: ImportCommandOptions): InteractionRoles {
  return { user, item, rating, timestamp: time, request };
}

function itemRolesOf({ itemId, title, text, attributes }: ImportCommandOptions): EntityRoles {
  return {
    id: itemId,
    title,
    text: text === undefined ? undefined : namesIn(text),
    attributes: attributes === undefined ? undefined : namesIn(attributes),
  };
}

function skipOf(list: string | undefined): ImportOptions['skip'] {
  return list === undefined
    ? undefined
    : namesIn(list).map((name) => {
        const cause = IMPORT_SKIPS.find((each) => each === name);
        if (cause === undefined) throw unknownName('causes in --skip', name, IMPORT_SKIPS);
        return cause;
      });
}

function inWords({ dataset, statistics, interactions, items, users, folder }: ImportedDataset): string[] {
  const lines = [
    ...tableInWords('interactions', interactions),
    ...(items ? ['', ...tableInWords('items', items)] : []),
    ...(users ? ['', ...tableInWords('users', users)] : []),
    '',
    ...sentences([
      ...statisticsInWords(statistics),
      ...(dataset.reading?.notes ?? []).map((note) => `note: ${note}`),
      ...Object.entries(dataset.reading?.skipped ?? {}).map(
        ([cause, count]) => `left out: ${count} rows (${cause})`,
      ),
    ]),
  ];
  if (folder === undefined) return [...lines, '', 'Nothing was written: name a folder with --out.'];
  const user = dataset.log.users.idOf(0);
  return [
    ...lines,
    '',
    `Written to ${folder}. Next:`,
    `  palate recommend --data ${folder} --user ${/^[\w.-]+$/.test(user) ? user : JSON.stringify(user)}`,
  ];
}

/** A file, and its columns by the role that they play. */
function tableInWords(what: string, { table: description, columns, guessed }: UnderstoodTable): string[] {
  const { file, format, delimiter, header, parts, columns: all } = description;
  const layout = [
    format.toUpperCase(),
    ...(delimiter === undefined || format !== 'csv' || delimiter === ','
      ? []
      : [`${JSON.stringify(delimiter)} between fields`]),
    ...(header === false ? ['no header line'] : []),
    ...(parts > 1 ? [`${parts} parts`] : []),
  ];
  const described = new Map<string | number, ColumnDescription>(all.map((column) => [column.name, column]));
  const used = Object.entries(columns).flatMap(([role, names]) =>
    (Array.isArray(names) ? names : [names as string | number]).map((name: string | number) => {
      const column = described.get(name);
      return [
        `  ${role === 'attributes' ? 'attribute' : role}`,
        String(name),
        column?.type ?? '',
        guessed.includes(role) ? 'guessed' : '',
        column?.examples.join(', ') ?? '',
      ];
    }),
  );
  const roles = new Set(Object.values(columns).flat());
  const unused = all.map(({ name }) => name).filter((name) => !roles.has(name));
  return [
    `${what}: ${file} (${layout.join(', ')})`,
    ...table(
      [
        { heading: '  as' },
        { heading: 'column', least: 10 },
        { heading: 'values' },
        { heading: '' },
        { heading: 'for example', least: 12 },
      ],
      used,
    ),
    ...(unused.length === 0 ? [] : [`  not used: ${unused.join(', ')}`]),
  ];
}
