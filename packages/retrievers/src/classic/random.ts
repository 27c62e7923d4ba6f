import {
  type CatalogueScorer,
  type Dataset,
  defineOptions,
  distinctHistory,
  type IdMap,
  itemFiles,
  type LongCallOptions,
  listsFromScores,
  option,
  type Query,
  RandomStream,
  type RetrieveOptions,
  readArtifact,
  type Saveable,
  type ScoredItem,
  savedItems,
  throwIfCancelled,
  writeArtifact,
} from '@palate/core';
import { scoreRows } from '../score-rows.js';

const SAVED = defineOptions('RandomRetriever', {
  seed: option.integer().required({ doc: 'draws the scores' }),
});

/** Options of {@link RandomRetriever.fit}: none beside those of long calls. */
export const RANDOM = defineOptions('RandomRetriever.fit', {});

/**
 * Recommends at random: the floor under every table. The same seed and query give the same list; another query
 * gives another.
 */
export class RandomRetriever implements CatalogueScorer, Saveable {
  readonly name = 'Random';
  readonly items: IdMap;
  readonly #seed: number;

  private constructor(items: IdMap, seed: number) {
    this.items = items;
    this.#seed = seed;
  }

  /** Takes the items of the data set and the seed of the options; there is nothing to learn. */
  static async fit(dataset: Dataset, options: LongCallOptions = {}): Promise<RandomRetriever> {
    RANDOM.settings(options);
    throwIfCancelled(options.signal, 'fitting Random');
    return new RandomRetriever(dataset.log.items, options.seed ?? 0);
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    return scoreRows(this, queries, options, (query, row) => {
      const key = `${query.user ?? ''} ${distinctHistory(query, this.items.size).join(' ')} ${query.text ?? ''}`;
      const random = new RandomStream(this.#seed).fork(key);
      for (let item = 0; item < row.length; item++) row[item] = random.uniform();
    });
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, {
      kind: 'random',
      version: 1,
      config: { seed: this.#seed },
      files: itemFiles(this.items),
    });
  }

  static async load(dir: string): Promise<RandomRetriever> {
    const artifact = await readArtifact(dir, 'random', 1);
    const { seed } = SAVED.restored(dir, artifact.manifest.config);
    return new RandomRetriever(savedItems(dir, artifact), seed);
  }
}
