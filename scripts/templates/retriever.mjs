// A retriever that works: it recommends what the users of the history's items have chosen, too. Names are filled in.

/** The source of a new retriever. */
export const retriever = ({ file, type, constant, title }) => `import {
  type Dataset,
  defineOptions,
  distinctHistory,
  type LongCallOptions,
  type OptionsOf,
  option,
  type SettingsOf,
  throwIfCancelled,
} from '@palate/core';
import { FittedRetriever, fittedOn } from '../fitted-retriever.js';
import { savedRows, tensorsOfRows } from '../saved-tensors.js';
import type { RowScorer } from '../score-rows.js';
import { type SparseRows, transpose, userItemMatrix } from '../sparse.js';
import { loadRetriever, type RetrieverContents, type StoredRetriever } from '../stored-retriever.js';

/** Options of {@link ${type}.fit}. */
export const ${constant} = defineOptions('${type}.fit', {
  longest: option.integer({ min: 1 })({ default: 500, doc: 'users with longer histories say nothing' }),
});

/** Options of {@link ${type}.fit}; {@link ${constant}} says what each does. */
type ${type}Options = OptionsOf<typeof ${constant}.declarations> & LongCallOptions;

type Config = SettingsOf<typeof ${constant}.declarations>;

/**
 * Scores an item by how many users have chosen it beside an item of the history. (Say here what the method is, its source
 * and formula, and what fitting and a query cost.)
 */
export class ${type} extends FittedRetriever<Config> {
  readonly name = '${title}';
  readonly #byUser: SparseRows;
  readonly #byItem: SparseRows;

  private constructor(fitted: StoredRetriever<Config>, byUser: SparseRows) {
    super(fitted);
    this.#byUser = byUser;
    this.#byItem = transpose(byUser, fitted.items.size);
  }

  /** Keeps who has chosen what. */
  static async fit(dataset: Dataset, options: ${type}Options = {}): Promise<${type}> {
    const config = ${constant}.settings(options);
    throwIfCancelled(options.signal, 'fitting ${title}');
    return new ${type}(fittedOn(dataset.log, config), userItemMatrix(dataset.log));
  }

  protected rowScorer(): RowScorer {
    const { offsets, columns } = this.#byUser;
    return (query, row) => {
      for (const item of distinctHistory(query, this.items.size))
        for (let p = this.#byItem.offsets[item]!; p < this.#byItem.offsets[item + 1]!; p++) {
          const user = this.#byItem.columns[p]!;
          if (offsets[user + 1]! - offsets[user]! > this.config.longest) continue;
          for (let q = offsets[user]!; q < offsets[user + 1]!; q++) row[columns[q]!]! += 1;
        }
    };
  }

  protected contents(): RetrieverContents {
    const config = ${constant}.saved(this.config);
    return { kind: '${file}', config, tensors: tensorsOfRows(this.#byUser) };
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<${type}> {
    const { fitted, artifact } = await loadRetriever(dir, '${file}', ${constant});
    return new ${type}(fitted, savedRows(dir, artifact.tensors, fitted.items.size));
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
