import {
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
  topK,
} from '@palate/core';
import { savedIntegers, savedOffsets } from '../saved-tensors.js';
import { scoreRows } from '../score-rows.js';
import { type SparseRows, transpose, userItemMatrix } from '../sparse.js';
import { loadRetriever, saveRetriever } from '../stored-retriever.js';

/** Options of {@link UserKnn.fit}. */
export const USER_KNN = defineOptions('UserKnn.fit', {
  neighbours: option.integer({ min: 1 })({ default: 200, doc: 'nearest users asked' }),
  shrinkage: option.number({ min: 0 })({ default: 0, doc: 'added to the denominator of the cosine' }),
});

/** Options of {@link UserKnn.fit}; {@link USER_KNN} says what each does. */
export type UserKnnOptions = OptionsOf<typeof USER_KNN.declarations> & LongCallOptions;

type Config = SettingsOf<typeof USER_KNN.declarations>;

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

  /** Keeps the training histories. */
  static async fit(dataset: Dataset, options: UserKnnOptions = {}): Promise<UserKnn> {
    const config = USER_KNN.settings(options);
    throwIfCancelled(options.signal, 'fitting UserKNN');
    const { log } = dataset;
    return new UserKnn(log.items, userItemMatrix(log), config, Favourites.of(log), fingerprint(log));
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    const { offsets, columns } = this.#byUser;
    const users = offsets.length - 1;
    const together = new Float32Array(users);
    const untouched = new Uint8Array(users);
    return scoreRows(this, queries, options, (query, row) => {
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
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    const { offsets, columns } = this.#byUser;
    const { items, favourites } = this;
    const stored = {
      items,
      favourites,
      config: USER_KNN.saved(this.#config),
      dataFingerprint: this.#dataFingerprint,
    };
    await saveRetriever(dir, 'user-knn', stored, {
      offsets: { shape: [offsets.length], values: offsets },
      columns: { shape: [columns.length], values: columns },
    });
  }

  static async load(dir: string): Promise<UserKnn> {
    const { items, favourites, config, dataFingerprint, artifact } = await loadRetriever(
      dir,
      'user-knn',
      (from, saved) => USER_KNN.restored(from, saved),
    );
    const offsets = savedOffsets(dir, artifact.tensors, 'offsets');
    const columns = savedIntegers(dir, artifact.tensors, 'columns', offsets.at(-1), items.size);
    return new UserKnn(items, { offsets, columns }, config, favourites, dataFingerprint);
  }
}
