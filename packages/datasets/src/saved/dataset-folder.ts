import { join, resolve } from 'node:path';
import {
  ArtifactError,
  type AttributeValue,
  Catalog,
  checkReplaceable,
  createDataset,
  type Dataset,
  fingerprint,
  IdMap,
  InvalidInputError,
  type LongCallOptions,
  type ReadingReport,
  readManifest,
  readProvenance,
  type UserTable,
  verifyArtifact,
  writeArtifact,
} from '@palate/core';
import { readJsonLines } from '../files/json-lines.js';
import { inBlocks } from '../files/text-blocks.js';
import { statistics } from '../splits/statistics.js';
import { readInteractions, writeInteractions } from './interactions-file.js';

/** Kind of artifact in the manifest of a data set folder. */
const KIND = 'dataset';
const VERSION = 1;

const INTERACTIONS = 'interactions.csv';
const ITEMS = 'items.jsonl';
const USERS = 'users.jsonl';

/** Content of the manifest beside checksums. */
interface FolderConfig {
  readonly name: string;
  readonly licence: string;
  readonly source: string;
  readonly timeUnit: 'seconds' | 'position';
  /** Whether interactions name users and items by id, or by row of their tables where an id cannot be written in CSV. */
  readonly ids: 'text' | 'row';
  readonly text: readonly string[];
  readonly attributes: readonly string[];
  /** Knowledge of interactions in the columns, by name; left out where none knows any. */
  readonly provenance?: Readonly<Record<string, unknown>> | undefined;
  /** Columns of the users; left out where nothing is known of them. */
  readonly userAttributes?: readonly string[] | undefined;
  readonly statistics: unknown;
  readonly reading?: ReadingReport | undefined;
}

/**
 * Writes a data set as a folder of open formats: `interactions.csv`, `items.jsonl` and `users.jsonl`, with a
 * `manifest.json` that holds name, licence, source, statistics, the log's fingerprint and a checksum of each file.
 * {@link openDataset} gives the same data set again: ids and their order, times, ratings, texts and attributes.
 *
 * The folder appears as a whole or not at all; one that is not a data set of ours is never replaced.
 *
 * @throws ArtifactError if the folder holds something else, or cannot be written
 * @throws InvalidInputError for an attribute that is a number without a value
 */
export async function saveDataset(
  dataset: Dataset,
  folder: string,
  options: LongCallOptions = {},
): Promise<void> {
  const { log, catalog, users } = dataset;
  const ids = [...log.users, ...log.items].every(canStandInCsv) ? 'text' : 'row';
  const config: FolderConfig = {
    name: dataset.name,
    licence: dataset.licence,
    source: dataset.source,
    timeUnit: log.timeUnit,
    ids,
    text: Object.keys(catalog.text),
    attributes: Object.keys(catalog.attributes),
    provenance: Object.keys(catalog.provenance).length === 0 ? undefined : catalog.provenance,
    userAttributes: users === undefined ? undefined : Object.keys(users.attributes),
    statistics: statistics(log),
    reading: dataset.reading,
  };
  await writeArtifact(
    folder,
    {
      kind: KIND,
      version: VERSION,
      config,
      dataFingerprint: fingerprint(log),
      files: {
        [INTERACTIONS]: inBlocks(writeInteractions(log, ids)),
        [ITEMS]: inBlocks(
          lines(log.items, (id, k) => ({
            id,
            text: present(catalog.text, k, (value) => value !== ''),
            attributes: present(catalog.attributes, k, (value) => value !== undefined),
          })),
        ),
        [USERS]: inBlocks(
          lines(log.users, (id, k) =>
            users === undefined
              ? { id }
              : { id, attributes: present(users.attributes, k, (value) => value !== undefined) },
          ),
        ),
      },
    },
    { signal: options.signal },
  );
}

/**
 * Makes sure before a long work that a data set can be written to a folder.
 *
 * @throws ArtifactError if it holds something else
 */
export async function checkDatasetFolder(folder: string): Promise<void> {
  await checkReplaceable(resolve(folder), KIND);
}

/** Whether a folder says that it is a data set of {@link saveDataset}; {@link openDataset} verifies it. */
export async function isDatasetFolder(folder: string): Promise<boolean> {
  return readManifest(folder).then(
    ({ kind }) => kind === KIND,
    () => false,
  );
}

/**
 * Reads a data set folder that {@link saveDataset} or `importDataset` wrote, after verifying its checksums.
 *
 * @throws ArtifactError if there is none, or a file was changed
 * @throws ParseError naming file, line and column of what is malformed
 * @example
 * ```ts
 * const dataset = await openDataset('shop');
 * ```
 */
export async function openDataset(folder: string, options: LongCallOptions = {}): Promise<Dataset> {
  const manifest = await verifyArtifact(folder, KIND, VERSION, { signal: options.signal });
  const config = manifest.config as FolderConfig;
  const refuse = (received: string): ArtifactError =>
    new ArtifactError(folder, {
      expected: `a data set folder as Palate writes it`,
      received,
      hint: 'Import the data again.',
    });
  for (const name of [INTERACTIONS, ITEMS, USERS])
    if (!Object.hasOwn(manifest.sha256, name)) throw refuse(`one without ${name}`);
  const items = await readEntities(join(folder, ITEMS), config.text, config.attributes, options);
  const users = await readEntities(join(folder, USERS), [], config.userAttributes ?? [], options);
  const itemIds = new IdMap(items.ids, 'item');
  const userIds = new IdMap(users.ids, 'user');
  const log = await readInteractions(
    join(folder, INTERACTIONS),
    { users: userIds, items: itemIds, ids: config.ids, timeUnit: config.timeUnit },
    options,
  );
  if (manifest.dataFingerprint !== fingerprint(log)) throw refuse('interactions of another fingerprint');
  const table: UserTable | undefined =
    config.userAttributes === undefined
      ? undefined
      : { users: userIds, attributes: users.columns as UserTable['attributes'] };
  return createDataset({
    name: config.name,
    log,
    catalog: new Catalog({
      items: itemIds,
      text: items.texts,
      attributes: items.columns,
      provenance: Object.fromEntries(
        Object.entries(config.provenance ?? {}).map(([name, value]) => [name, readProvenance(value)]),
      ),
    }),
    users: table,
    reading: config.reading,
    licence: config.licence,
    source: config.source,
  });
}

/** Whether an id comes back from CSV as it was. */
function canStandInCsv(id: string): boolean {
  return (
    id !== '' &&
    id === id.trim() &&
    !/[\r\n\uFEFF]/.test(id) &&
    !id.includes('\0') &&
    !/\p{Surrogate}/u.test(id)
  );
}

/** Values of a row in some columns. */
function present<V>(
  columns: Readonly<Record<string, readonly V[]>>,
  k: number,
  isThere: (value: V) => boolean,
): Record<string, V> {
  const found: Record<string, V> = {};
  for (const [name, column] of Object.entries(columns)) {
    const value = column[k] as V;
    if (!isThere(value)) continue;
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new InvalidInputError({
        expected: `finite numbers in the column ${JSON.stringify(name)}`,
        received: `${value} at row ${k}`,
        hint: 'Give undefined where there is no value.',
      });
    Object.defineProperty(found, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return found;
}

/** JSON lines of ids. */
function* lines(ids: IdMap, record: (id: string, k: number) => object): Generator<string> {
  let k = 0;
  for (const id of ids) yield `${JSON.stringify(record(id, k++))}\n`;
}

/** The columns of a table that {@link lines} wrote. */
async function readEntities(
  path: string,
  text: readonly string[],
  attributes: readonly string[],
  options: LongCallOptions,
): Promise<{
  readonly ids: string[];
  readonly texts: Record<string, string[]>;
  readonly columns: Record<string, AttributeValue[]>;
}> {
  const ids: string[] = [];
  const texts = new Map(text.map((name) => [name, [] as string[]]));
  const columns = new Map(attributes.map((name) => [name, [] as AttributeValue[]]));
  await readJsonLines(
    path,
    (record) => {
      ids.push(String(record.id));
      for (const [name, column] of texts) column.push(String(ownValue(record.text, name) ?? ''));
      for (const [name, column] of columns) column.push(ownValue(record.attributes, name) as AttributeValue);
    },
    options,
  );
  return { ids, texts: Object.fromEntries(texts), columns: Object.fromEntries(columns) };
}

function ownValue(record: unknown, name: string): unknown {
  return typeof record === 'object' && record !== null && Object.hasOwn(record, name)
    ? (record as Record<string, unknown>)[name]
    : undefined;
}
