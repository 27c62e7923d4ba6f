import {
  type CatalogueScorer,
  Favourites,
  fingerprint,
  fittedOnLogs,
  type IdMap,
  type InteractionLog,
  type LongCallOptions,
  listsFromScores,
  type Query,
  type RetrieveOptions,
  type Saveable,
  type ScoredItem,
} from '@palate/core';
import { type RowScorer, scoreRows } from './score-rows.js';
import { type RetrieverContents, type StoredRetriever, saveRetriever } from './stored-retriever.js';

/** Facts that a retriever keeps of the log that it is fitted on, with its settings. */
export function fittedOn<C>(log: InteractionLog, config: C): StoredRetriever<C> {
  return { items: log.items, favourites: Favourites.of(log), config, dataFingerprint: fingerprint(log) };
}

/**
 * A retriever that scores the whole catalogue for one query at a time and is saved as an artifact. A method adds what it
 * learns, how it scores a row, and what of it is written.
 */
export abstract class FittedRetriever<C> implements CatalogueScorer, Saveable {
  abstract readonly name: string;
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly fittedOn: readonly string[];
  /** Settings of the fit. */
  protected readonly config: C;
  readonly #dataFingerprint: string;

  protected constructor({ items, favourites, config, dataFingerprint }: StoredRetriever<C>) {
    this.items = items;
    this.favourites = favourites;
    this.config = config;
    this.#dataFingerprint = dataFingerprint;
    this.fittedOn = fittedOnLogs(dataFingerprint);
  }

  /** Makes what scores one query after the other; it may keep buffers, since each block of queries has its own. */
  protected abstract rowScorer(): RowScorer;

  /** Gives what is written beside items and favourites. */
  protected abstract contents(): RetrieverContents;

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    return scoreRows(this, queries, options, this.rowScorer());
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    const { items, favourites } = this;
    await saveRetriever(dir, { items, favourites, dataFingerprint: this.#dataFingerprint }, this.contents());
  }
}
