import type { OutcomeOptions } from '../basics/outcome-counts.js';
import { LONG_CALL_OPTIONS, type LongCallOptions } from '../basics/progress.js';
import type { IdMap } from '../data/id-map.js';
import type { Provenance } from '../data/provenance.js';
import type { Favourites } from './favourites.js';

/** An item with its score; higher is better. */
export interface ScoredItem {
  /** Dense item index in the id map of the retriever that scored it. */
  readonly item: number;
  readonly score: number;
}

/** Request to a recommender. Every field is optional; an empty query asks for the general favourites. */
export interface Query {
  /** External id of the user, for systems that know something of the user beside the history. */
  readonly user?: string | undefined;
  /** Dense item indexes the user interacted with, oldest first. */
  readonly history?: ArrayLike<number> | undefined;
  /** Ratings of the history's items, aligned with it. */
  readonly historyRatings?: ArrayLike<number> | undefined;
  /** Times of the history's items in seconds since 1970, aligned with it. */
  readonly historyTimestamps?: ArrayLike<number> | undefined;
  /** A narrative request or a preference in words. */
  readonly text?: string | undefined;
  /** Time of the request, in seconds since 1970. */
  readonly timestamp?: number | undefined;
  /** Dense item indexes never to return. */
  readonly exclude?: ArrayLike<number> | undefined;
  /** Dense item indexes to choose from; all items if left out. */
  readonly candidates?: ArrayLike<number> | undefined;
}

/** Options of {@link Retriever.retrieve} and {@link Ranker.rank}. */
export interface RetrieveOptions extends LongCallOptions, OutcomeOptions {
  /** True to let items of the query's own history come back. Default false. */
  readonly includeHistory?: boolean | undefined;
}

/** Names of the options of {@link RetrieveOptions}, to pass to `checkOptions`. */
export const RETRIEVE_OPTIONS = [...LONG_CALL_OPTIONS, 'includeHistory', 'onOutcomes'] as const;

/**
 * Finds the best items of a catalogue for each query.
 *
 * For every query the result holds `min(k, available)` different items, best first, where the available items
 * are the candidates (or all items) without the excluded ones and, unless `includeHistory`, without the
 * history. Scores are finite and never increase along a list; equal scores are ordered by item index index.
 * Users never seen in training are served from their history.
 */
export interface Retriever {
  /** Name of the system in tables. */
  readonly name: string;
  /** The items it can return; queries and results use its dense indexes. */
  readonly items: IdMap;
  /**
   * Knowledge of interactions in the texts and vectors that it was built with; evaluation refuses it if they know
   * what is predicted, or do not say. Left out by systems that read nothing but the log they were fitted on.
   */
  readonly provenance?: Provenance | undefined;
  /**
   * The `fingerprint` of each log that it was fitted on, stopped or chosen by, as far as it knows: an evaluation refuses
   * a system that was given the test of a split.
   */
  readonly fittedOn?: readonly string[] | undefined;
  /**
   * @param k - length of each list, at least 1
   * @throws InvalidInputError if `k` or an item index is out of range
   */
  retrieve(queries: readonly Query[], k: number, options?: RetrieveOptions): Promise<ScoredItem[][]>;
}

/** A retriever that can score its whole catalogue at once, as full-catalogue evaluation wants it. */
export interface CatalogueScorer extends Retriever {
  /** The answer to a query with nothing to work with. Left out by retrievers that answer everybody alike. */
  readonly favourites?: Favourites | undefined;
  /**
   * Scores every item for every query: nothing is excluded, whatever the queries say.
   *
   * @returns row-major scores, `queries.length` x `items.size`
   */
  scoreAll(queries: readonly Query[], options?: LongCallOptions & OutcomeOptions): Promise<Float32Array>;
}

/** Whether a retriever can score its whole catalogue. */
export function isCatalogueScorer(retriever: Retriever): retriever is CatalogueScorer {
  return typeof (retriever as Partial<CatalogueScorer>).scoreAll === 'function';
}

/**
 * Puts given candidates into a better order.
 *
 * The result holds, for every query, the best `min(k, candidates)` of its candidates, best first, and nothing
 * else.
 */
export interface Ranker {
  readonly name: string;
  /** As in {@link Retriever.provenance}. */
  readonly provenance?: Provenance | undefined;
  /** As in {@link Retriever.fittedOn}. */
  readonly fittedOn?: readonly string[] | undefined;
  rank(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options?: RetrieveOptions,
  ): Promise<ScoredItem[][]>;
}

/** Something fitted that can be written to a folder; the class has a static `load(dir)` as the way back. */
export interface Saveable {
  /**
   * @param dir - folder to write; replaced as a whole when it is an artifact already
   * @throws ArtifactError if the folder exists and is not an artifact
   */
  save(dir: string): Promise<void>;
}
