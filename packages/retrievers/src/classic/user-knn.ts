import {
  type Dataset,
  defineOptions,
  distinctHistory,
  type LongCallOptions,
  type OptionsOf,
  option,
  type SettingsOf,
  throwIfCancelled,
  topK,
} from '@palate/core';
import { FittedRetriever, fittedOn } from '../fitted-retriever.js';
import { savedRows, tensorsOfRows } from '../saved-tensors.js';
import type { RowScorer } from '../score-rows.js';
import { type SparseRows, transpose, userItemMatrix } from '../sparse.js';
import { loadRetriever, type RetrieverContents, type StoredRetriever } from '../stored-retriever.js';

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
export class UserKnn extends FittedRetriever<Config> {
  readonly name = 'UserKNN';
  readonly #byUser: SparseRows;
  readonly #byItem: SparseRows;

  private constructor(fitted: StoredRetriever<Config>, byUser: SparseRows) {
    super(fitted);
    this.#byUser = byUser;
    this.#byItem = transpose(byUser, fitted.items.size);
  }

  /** Keeps the training histories. */
  static async fit(dataset: Dataset, options: UserKnnOptions = {}): Promise<UserKnn> {
    const config = USER_KNN.settings(options);
    throwIfCancelled(options.signal, 'fitting UserKNN');
    const { log } = dataset;
    return new UserKnn(fittedOn(log, config), userItemMatrix(log));
  }

  protected rowScorer(): RowScorer {
    const { offsets, columns } = this.#byUser;
    const users = offsets.length - 1;
    const together = new Float32Array(users);
    const untouched = new Uint8Array(users);
    return (query, row) => {
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
            (Math.sqrt(history.length * (offsets[user + 1]! - offsets[user]!)) + this.config.shrinkage);
      }
      for (const { item: user, score } of topK(together, this.config.neighbours, untouched))
        for (let p = offsets[user]!; p < offsets[user + 1]!; p++) row[columns[p]!]! += score;
    };
  }

  protected contents(): RetrieverContents {
    return {
      kind: 'user-knn',
      config: USER_KNN.saved(this.config),
      tensors: tensorsOfRows(this.#byUser),
    };
  }

  static async load(dir: string): Promise<UserKnn> {
    const { fitted, artifact } = await loadRetriever(dir, 'user-knn', USER_KNN);
    return new UserKnn(fitted, savedRows(dir, artifact.tensors, fitted.items.size));
  }
}
