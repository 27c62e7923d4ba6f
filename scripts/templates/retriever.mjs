// A retriever that works: it recommends what the users of the history's items have chosen, too. Names are filled in.

/** The source of a new retriever. */
export const retriever = ({ file, type, constant, title }) => `import {
  type CatalogueScorer,
  type Dataset,
  defineOptions,
  distinctHistory,
  Favourites,
  fingerprint,
  type IdMap,
  type LongCallOptions,
  listsFromScores,
  type OptionsOf,
  option,
  type Query,
  type RetrieveOptions,
  type Saveable,
  type ScoredItem,
  type SettingsOf,
  throwIfCancelled,
} from '@palate/core';
import { savedIntegers, savedOffsets } from '../saved-tensors.js';
import { scoreRows } from '../score-rows.js';
import { type SparseRows, transpose, userItemMatrix } from '../sparse.js';
import { loadRetriever, saveRetriever } from '../stored-retriever.js';

/** Options of {@link ${type}.fit}. */
export const ${constant} = defineOptions('${type}.fit', {
  longest: option.integer({ min: 1 })({ default: 500, doc: 'users with longer histories say nothing' }),
});

/** Options of {@link ${type}.fit}; {@link ${constant}} says what each does. */
export type ${type}Options = OptionsOf<typeof ${constant}.declarations> & LongCallOptions;

type Config = SettingsOf<typeof ${constant}.declarations>;

/**
 * Scores an item by how many users have chosen it beside an item of the history. (Say here what the method is, its source
 * and formula, and what fitting and a query cost.)
 */
export class ${type} implements CatalogueScorer, Saveable {
  readonly name = '${title}';
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly #byUser: SparseRows;
  readonly #byItem: SparseRows;
  readonly #config: Config;
  readonly #dataFingerprint: string;

  private constructor(
    items: IdMap,
    byUser: SparseRows,
    config: Config,
    favourites: Favourites,
    dataFingerprint: string,
  ) {
    this.items = items;
    this.favourites = favourites;
    this.#byUser = byUser;
    this.#byItem = transpose(byUser, items.size);
    this.#config = config;
    this.#dataFingerprint = dataFingerprint;
  }

  /** Keeps who has chosen what. */
  static async fit(dataset: Dataset, options: ${type}Options = {}): Promise<${type}> {
    const config = ${constant}.settings(options);
    throwIfCancelled(options.signal, 'fitting ${title}');
    const { log } = dataset;
    return new ${type}(log.items, userItemMatrix(log), config, Favourites.of(log), fingerprint(log));
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    const { offsets, columns } = this.#byUser;
    return scoreRows(this, queries, options, (query, row) => {
      for (const item of distinctHistory(query, this.items.size))
        for (let p = this.#byItem.offsets[item]!; p < this.#byItem.offsets[item + 1]!; p++) {
          const user = this.#byItem.columns[p]!;
          if (offsets[user + 1]! - offsets[user]! > this.#config.longest) continue;
          for (let q = offsets[user]!; q < offsets[user + 1]!; q++) row[columns[q]!]! += 1;
        }
    });
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    const { offsets, columns } = this.#byUser;
    const { items, favourites } = this;
    const config = ${constant}.saved(this.#config);
    const stored = { items, favourites, config, dataFingerprint: this.#dataFingerprint };
    await saveRetriever(dir, '${file}', stored, {
      offsets: { shape: [offsets.length], values: offsets },
      columns: { shape: [columns.length], values: columns },
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<${type}> {
    const { items, favourites, config, dataFingerprint, artifact } = await loadRetriever(
      dir,
      '${file}',
      (from, saved) => ${constant}.restored(from, saved),
    );
    const offsets = savedOffsets(dir, artifact.tensors, 'offsets');
    const columns = savedIntegers(dir, artifact.tensors, 'columns', offsets.at(-1), items.size);
    return new ${type}(items, { offsets, columns }, config, favourites, dataFingerprint);
  }
}
`;

/** The test of a new retriever. */
export const retrieverTest = ({ type, file }) => `import { retrieverConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import { ${type} } from '../../src/classic/${file}.js';

describe('${type}', () => {
  for (const { name, run } of retrieverConformance({
    fit: (data, options) => ${type}.fit(data, options),
    load: (dir) => ${type}.load(dir),
  }))
    test(name, run);
});
`;
