import type { JsonRecord } from '@palate/datasets';
import { isText, isTexts, readRecords } from './read-records.js';

/**
 * How the recorded answers came about, which whoever prints figures of them says: they were not asked for one call at a
 * time, as the product does.
 */
export const ANSWERS_CAVEAT: string =
  'Answers of Claude (November 2026), recorded: from its own knowledge, without look-ups; it saw neither the ratings asked for nor the films that came next. Entries were read in batches in one context, not one call each.';

/** A language model's choice of ten among a retriever's fifty candidates (PALR). */
export interface RecordedRanking {
  readonly user: string;
  /** The newest 20 films before the test film of leave-one-out, oldest first; the model also saw their ratings. */
  readonly history: readonly string[];
  /** Fifty candidates of a SASRec, best first. */
  readonly retrieved: readonly string[];
  /** The same in the order in which the model saw them. */
  readonly shown: readonly string[];
  /** Ten of them, best first. */
  readonly ranking: readonly string[];
}

/** Preferences of a near-cold-start user as the model was given them. */
export type ColdStartInput = 'items' | 'language' | 'items+language';

/** A language model's order of a near-cold-start user's pool, under each of three inputs. */
export interface RecordedColdStart {
  readonly user: string;
  /** Five films that the user rated at least 8 early on. */
  readonly likedItems: readonly string[];
  /** Recorded keywords of the user's early history. */
  readonly likes: string;
  /** Films that the user rated later. */
  readonly pool: readonly string[];
  /** The whole pool, best first; each order by a reader who saw that input alone. */
  readonly ranking: Readonly<Record<ColdStartInput, readonly string[]>>;
}

/** A language model's predictions of one rating, from 0 to 10. */
export interface RecordedRating {
  readonly user: string;
  readonly item: string;
  /** At most ten films that the user rated before, oldest first. */
  readonly history: readonly { readonly item: string; readonly rating: number }[];
  readonly zeroShot: number;
  /** After three examples of other users; {@link loadRatingExamples} names them. */
  readonly threeShot: number;
}

/** A rating that the three-shot reader was shown as an example. */
export interface RatingExample {
  readonly user: string;
  readonly item: string;
  readonly rating: number;
}

const INPUTS: readonly ColdStartInput[] = ['items', 'language', 'items+language'];

/** Whether all of `part` is among `whole`, each at most once. */
const isAmong = (part: readonly string[], whole: readonly string[]): boolean =>
  new Set([...part, ...whole]).size === new Set(whole).size && new Set(part).size === part.length;

const isOrderOf = (order: unknown, pool: readonly string[]): boolean =>
  isTexts(order) && order.length === pool.length && isAmong(order, pool);

const isRating = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 10;

/** Rankings for 1,200 users drawn at random among those of the 5-core with at least eight interactions. */
export function loadRankings(): Promise<RecordedRanking[]> {
  return readRecords(
    'answers-palr',
    ({ user, history, retrieved, shown, ranking }) =>
      isText(user) &&
      isTexts(history) &&
      isTexts(retrieved) &&
      isOrderOf(shown, retrieved) &&
      isTexts(ranking) &&
      ranking.length === 10 &&
      isAmong(ranking, retrieved),
  );
}

/**
 * Orders of whole pools for the first 200 users of the proxy study that `proxyStudy` of `@palate/llm-rank` makes with
 * `{ liked: 8, users: 500 }`.
 */
export function loadColdStartRankings(): Promise<RecordedColdStart[]> {
  return readRecords(
    'answers-near-cold-start',
    ({ user, likedItems, likes, pool, ranking }) =>
      isText(user) &&
      isTexts(likedItems) &&
      isText(likes) &&
      isTexts(pool) &&
      INPUTS.every((input) => isOrderOf(Object(ranking)[input], pool)),
  );
}

/** Predictions of 500 test rows of the split in time, one a user. */
export function loadRatingAnswers(): Promise<RecordedRating[]> {
  return readRecords(
    'answers-ratings',
    ({ user, item, history, zeroShot, threeShot }) =>
      isText(user) &&
      isText(item) &&
      Array.isArray(history) &&
      history.every((past: JsonRecord) => isText(past.item) && isRating(past.rating)) &&
      isRating(zeroShot) &&
      isRating(threeShot),
  );
}

/** The three ratings that the three-shot reader was shown with their histories. */
export async function loadRatingExamples(): Promise<RatingExample[]> {
  return readRecords(
    'answers-ratings-examples',
    ({ user, item, rating }) => isText(user) && isText(item) && isRating(rating),
  );
}
