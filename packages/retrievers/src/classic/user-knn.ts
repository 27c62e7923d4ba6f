import {
  type CatalogueScorer,
  checkNumber,
  checkOptions,
  type Dataset,
  fingerprint,
  type IdMap,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  listsFromScores,
  type Query,
  type RetrieveOptions,
  readArtifact,
  type Saveable,
  type ScoredItem,
  topK,
  writeArtifact,
} from '@palate/core';
import { itemFiles, savedIntegers, savedItems } from '../saved-items.js';
import { distinctHistory, scoreRows } from '../score-lists.js';
import { type SparseRows, transpose, userItemMatrix } from '../sparse.js';

/** Options of {@link UserKnn.fit}. */
export interface UserKnnOptions extends LongCallOptions {
  /** Nearest users asked. Default 200. */
  readonly neighbours?: number;
  /** Added to the denominator of the cosine. Default 0. */
  readonly shrinkage?: number;
}

/**
 * User-based nearest neighbours (Resnick et al. 1994; binary form): the query's history is compared with every
 * training history by cosine, `both / (sqrt(a * b) + shrinkage)`, and the nearest users vote for their items with
 * their similarity. A user whose own training history is among them votes for what is masked anyway.
 *
 * There is nothing to fit beside two sparse matrices; a query costs the interactions of the users it shares items
 * with.
 */
export class UserKnn implements CatalogueScorer, Saveable {
  readonly name = 'UserKNN';
  readonly items: IdMap;
  readonly #byUser: SparseRows;
  readonly #byItem: SparseRows;
  readonly #config: { readonly neighbours: number; readonly shrinkage: number };
  readonly #dataFingerprint: string;

  private constructor(
    items: IdMap,
    byUser: SparseRows,
    config: { neighbours: number; shrinkage: number },
    dataFingerprint: string,
  ) {
    this.items = items;
    this.#byUser = byUser;
    this.#byItem = transpose(byUser, items.size);
    this.#config = config;
    this.#dataFingerprint = dataFingerprint;
  }

  /** Keeps the training histories. */
  static async fit(dataset: Dataset, options: UserKnnOptions = {}): Promise<UserKnn> {
    checkOptions('UserKnn.fit', options, [...LONG_CALL_OPTIONS, 'neighbours', 'shrinkage']);
    const neighbours = checkNumber('neighbours', options.neighbours ?? 200, { min: 1, integer: true });
    const shrinkage = checkNumber('shrinkage', options.shrinkage ?? 0, { min: 0 });
    return new UserKnn(
      dataset.log.items,
      userItemMatrix(dataset.log),
      { neighbours, shrinkage },
      fingerprint(dataset.log),
    );
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    const { offsets, columns } = this.#byUser;
    const users = offsets.length - 1;
    const together = new Float32Array(users);
    const untouched = new Uint8Array(users);
    return scoreRows(this.name, this.items, queries, options, (query, row) => {
      const history = distinctHistory(query, this.items.size);
      together.fill(0);
      for (const item of history)
        for (let p = this.#byItem.offsets[item]!; p < this.#byItem.offsets[item + 1]!; p++)
          together[this.#byItem.columns[p]!]! += 1;
      for (let user = 0; user < users; user++) {
        const both = together[user]!;
        untouched[user] = both === 0 ? 1 : 0;
        if (both > 0)
          together[user] =
            both /
            (Math.sqrt(history.length * (offsets[user + 1]! - offsets[user]!)) + this.#config.shrinkage);
      }
      for (const { item: user, score } of topK(together, this.#config.neighbours, untouched))
        for (let p = offsets[user]!; p < offsets[user + 1]!; p++) row[columns[p]!]! += score;
    });
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this.name, this.items, queries, k, options, (chunk, rest) =>
      this.scoreAll(chunk, rest),
    );
  }

  async save(dir: string): Promise<void> {
    const { offsets, columns } = this.#byUser;
    await writeArtifact(dir, {
      kind: 'user-knn',
      version: 1,
      config: this.#config,
      dataFingerprint: this.#dataFingerprint,
      tensors: {
        offsets: { shape: [offsets.length], values: offsets },
        columns: { shape: [columns.length], values: columns },
      },
      files: itemFiles(this.items),
    });
  }

  static async load(dir: string): Promise<UserKnn> {
    const artifact = await readArtifact(dir, 'user-knn', 1);
    const offsets = savedIntegers(dir, artifact.tensors, 'offsets');
    const columns = savedIntegers(dir, artifact.tensors, 'columns', offsets.at(-1) ?? 0);
    return new UserKnn(
      savedItems(dir, artifact),
      { offsets, columns },
      artifact.manifest.config as { neighbours: number; shrinkage: number },
      artifact.manifest.dataFingerprint ?? '',
    );
  }
}
