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
  itemFiles,
  type LongCallOptions,
  listsFromScores,
  type OptionsOf,
  option,
  type Query,
  type RetrieveOptions,
  readArtifact,
  type Saveable,
  type ScoredItem,
  type SettingsOf,
  savedItems,
  throwIfCancelled,
  writeArtifact,
} from '@palate/core';
import { savedIntegers, savedOffsets } from '../saved-tensors.js';
import { scoreRows } from '../score-rows.js';
import { type SparseRows, transpose, userItemMatrix } from '../sparse.js';

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
    return scoreRows(
      this.name,
      this.items,
      queries,
      options,
      (query, row) => {
        for (const item of distinctHistory(query, this.items.size))
          for (let p = this.#byItem.offsets[item]!; p < this.#byItem.offsets[item + 1]!; p++) {
            const user = this.#byItem.columns[p]!;
            if (offsets[user + 1]! - offsets[user]! > this.#config.longest) continue;
            for (let q = offsets[user]!; q < offsets[user + 1]!; q++) row[columns[q]!]! += 1;
          }
      },
      this.favourites,
    );
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(
      this.name,
      this.items,
      queries,
      k,
      options,
      (chunk, rest) => this.scoreAll(chunk, rest),
      this.favourites,
    );
  }

  async save(dir: string): Promise<void> {
    const { offsets, columns } = this.#byUser;
    await writeArtifact(dir, {
      kind: '${file}',
      version: 1,
      config: ${constant}.saved(this.#config),
      dataFingerprint: this.#dataFingerprint,
      tensors: {
        offsets: { shape: [offsets.length], values: offsets },
        columns: { shape: [columns.length], values: columns },
        ...this.favourites.tensors(),
      },
      files: itemFiles(this.items),
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<${type}> {
    const artifact = await readArtifact(dir, '${file}', 1);
    const { manifest, tensors } = artifact;
    const items = savedItems(dir, artifact);
    const offsets = savedOffsets(dir, tensors, 'offsets');
    const columns = savedIntegers(dir, tensors, 'columns', offsets.at(-1), items.size);
    return new ${type}(
      items,
      { offsets, columns },
      ${constant}.restored(dir, manifest.config),
      Favourites.saved(dir, tensors, items.size),
      manifest.dataFingerprint ?? '',
    );
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
