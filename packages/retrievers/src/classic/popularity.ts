import {
  type CatalogueScorer,
  type Dataset,
  defineOptions,
  fingerprint,
  fittedOnLogs,
  type IdMap,
  InvalidInputError,
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
  savedItems,
  throwIfCancelled,
  writeArtifact,
} from '@palate/core';
import { savedFloats } from '../saved-tensors.js';
import { scoreRows } from '../score-rows.js';

/** Options of {@link PopularityRetriever.fit}. */
export const POPULARITY = defineOptions('PopularityRetriever.fit', {
  halfLifeDays: option.number({ min: 1e-3 }).optional({
    doc: 'days after which an interaction counts half, measured back from the newest one; all count alike if left out',
  }),
});

/** Options of {@link PopularityRetriever.fit}; {@link POPULARITY} says what each does. */
export type PopularityOptions = OptionsOf<typeof POPULARITY.declarations> & LongCallOptions;

/** Recommends what most have chosen, overall or recently, to everybody alike. */
export class PopularityRetriever implements CatalogueScorer, Saveable {
  readonly name: string;
  readonly items: IdMap;
  readonly fittedOn: readonly string[];
  readonly #scores: Float32Array;
  readonly #halfLifeDays: number | undefined;
  readonly #dataFingerprint: string;

  private constructor(
    items: IdMap,
    scores: Float32Array,
    halfLifeDays: number | undefined,
    dataFingerprint: string,
  ) {
    this.name = halfLifeDays === undefined ? 'Popularity' : `Popularity, half-life ${halfLifeDays} days`;
    this.items = items;
    this.#scores = scores;
    this.#halfLifeDays = halfLifeDays;
    this.#dataFingerprint = dataFingerprint;
    this.fittedOn = fittedOnLogs(dataFingerprint);
  }

  /**
   * Counts the interactions of each item.
   *
   * @throws InvalidInputError for a half-life on data whose times are only positions
   */
  static async fit(dataset: Dataset, options: PopularityOptions = {}): Promise<PopularityRetriever> {
    const { log } = dataset;
    const { halfLifeDays } = POPULARITY.settings(options);
    throwIfCancelled(options.signal, 'fitting Popularity');
    if (halfLifeDays === undefined)
      return new PopularityRetriever(
        log.items,
        Float32Array.from(log.itemCounts()),
        undefined,
        fingerprint(log),
      );
    if (log.timeUnit !== 'seconds')
      throw new InvalidInputError({
        expected: 'data with real times for a half-life',
        received: 'positions within each user',
        hint: 'Leave halfLifeDays out.',
      });
    let newest = 0;
    for (const time of log.timestamp) newest = Math.max(newest, time);
    const sums = new Float64Array(log.items.size);
    for (let row = 0; row < log.length; row++)
      sums[log.item[row]!]! += 2 ** ((log.timestamp[row]! - newest) / (halfLifeDays * 86_400));
    return new PopularityRetriever(log.items, Float32Array.from(sums), halfLifeDays, fingerprint(log));
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    return scoreRows(this, queries, options, (_, row) => row.set(this.#scores));
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, {
      kind: 'popularity',
      version: 2,
      config: POPULARITY.saved({ halfLifeDays: this.#halfLifeDays }),
      dataFingerprint: this.#dataFingerprint,
      tensors: { scores: { shape: [this.items.size], values: this.#scores } },
      files: itemFiles(this.items),
    });
  }

  static async load(dir: string): Promise<PopularityRetriever> {
    const artifact = await readArtifact(dir, 'popularity', 2);
    const items = savedItems(dir, artifact);
    const { halfLifeDays } = POPULARITY.restored(dir, artifact.manifest.config);
    return new PopularityRetriever(
      items,
      savedFloats(dir, artifact.tensors, 'scores', [items.size]),
      halfLifeDays,
      artifact.manifest.dataFingerprint ?? '',
    );
  }
}
