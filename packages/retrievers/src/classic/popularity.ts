import {
  type CatalogueScorer,
  checkNumber,
  checkOptions,
  type Dataset,
  fingerprint,
  type IdMap,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  listsFromScores,
  type Query,
  type RetrieveOptions,
  readArtifact,
  type Saveable,
  type ScoredItem,
  writeArtifact,
} from '@palate/core';
import { itemFiles, savedFloats, savedItems } from '../saved-items.js';
import { scoreRows } from '../score-lists.js';

/** Options of {@link PopularityRetriever.fit}. */
export interface PopularityOptions extends LongCallOptions {
  /**
   * Days after which an interaction counts half, measured back from the newest one. Left out, all interactions
   * count alike.
   */
  readonly halfLifeDays?: number;
}

/** Recommends what most have chosen, overall or recently, to everybody alike. */
export class PopularityRetriever implements CatalogueScorer, Saveable {
  readonly name: string;
  readonly items: IdMap;
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
  }

  /**
   * Counts the interactions of each item.
   *
   * @throws InvalidInputError for a half-life on data whose times are only positions
   */
  static async fit(dataset: Dataset, options: PopularityOptions = {}): Promise<PopularityRetriever> {
    checkOptions('PopularityRetriever.fit', options, [...LONG_CALL_OPTIONS, 'halfLifeDays']);
    const { log } = dataset;
    const { halfLifeDays } = options;
    if (halfLifeDays === undefined)
      return new PopularityRetriever(
        log.items,
        Float32Array.from(log.itemCounts()),
        undefined,
        fingerprint(log),
      );
    checkNumber('halfLifeDays', halfLifeDays, { min: 1e-3 });
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
    return scoreRows(this.name, this.items, queries, options, (_, row) => row.set(this.#scores));
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this.name, this.items, queries, k, options, (chunk, rest) =>
      this.scoreAll(chunk, rest),
    );
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, {
      kind: 'popularity',
      version: 1,
      config: { halfLifeDays: this.#halfLifeDays ?? null },
      dataFingerprint: this.#dataFingerprint,
      tensors: { scores: { shape: [this.items.size], values: this.#scores } },
      files: itemFiles(this.items),
    });
  }

  static async load(dir: string): Promise<PopularityRetriever> {
    const artifact = await readArtifact(dir, 'popularity', 1);
    const items = savedItems(dir, artifact);
    const { halfLifeDays } = artifact.manifest.config as { halfLifeDays: number | null };
    return new PopularityRetriever(
      items,
      savedFloats(dir, artifact.tensors, 'scores', items.size),
      halfLifeDays ?? undefined,
      artifact.manifest.dataFingerprint ?? '',
    );
  }
}
