import {
  checkNumber,
  checkOptions,
  checkSharedIds,
  type Dataset,
  historyEnds,
  type InteractionLog,
  InvalidInputError,
  type OutcomeOptions,
  type PredictedInteractions,
  type Provenance,
} from '@palate/core';

/** Ratings to predict, each with what was known before it. Columns of one length. */
export interface RatingRows {
  /** Dense. */
  readonly user: Int32Array;
  readonly item: Int32Array;
  readonly rating: Float32Array;
  /** Dense items that the user rated strictly before, oldest first, and their ratings. */
  readonly history: readonly Int32Array[];
  readonly historyRatings: readonly Float32Array[];
  /** The interactions themselves, each with how many of its user's came strictly before; given by {@link ratingRows}. */
  readonly interactions?: RatedInteractions | undefined;
}

/** Interactions behind rows. */
interface RatedInteractions extends PredictedInteractions {
  readonly positions: Int32Array;
  /** Everything that happened, the rows included. */
  readonly known: InteractionLog;
}

/** Options of {@link ratingRows}. */
export interface RatingRowsOptions {
  /** Most items of a history, the newest. Default 10. */
  readonly historyLength?: number | undefined;
  /** Ratings with fewer before them are left out. Default 1. */
  readonly leastHistory?: number | undefined;
}

/**
 * Rows for the interactions of a log, with histories from all that is known: of a user's interactions those that come
 * strictly before the row in time, never the row itself, one of the same second or request, or a later one.
 *
 * @param known - everything that happened, the rows included; shares the log's id maps
 * @throws InvalidInputError if there are no ratings, or id maps differ
 */
export function ratingRows(
  log: InteractionLog,
  known: InteractionLog,
  options: RatingRowsOptions = {},
): RatingRows {
  checkOptions('ratingRows', options, ['historyLength', 'leastHistory']);
  const length = checkNumber('historyLength', options.historyLength ?? 10, { min: 1, integer: true });
  const least = checkNumber('leastHistory', options.leastHistory ?? 1, { min: 0, integer: true });
  checkSharedIds('the log', log, known);
  if (!log.rating || !known.rating)
    throw new InvalidInputError({
      expected: 'rated logs',
      received: 'a log without ratings',
      hint: 'Select both from one rated log.',
    });
  const ratings = known.rating;
  const { offsets, row } = known.byUser();
  const ends = historyEnds(known);
  const found: { at: number; user: number; item: number; rating: number; from: number; to: number }[] = [];
  for (let at = 0; at < log.length; at++) {
    const user = log.user[at]!;
    const item = log.item[at]!;
    // The position of the row among the user's interactions.
    let own = offsets[user]!;
    while (
      own < offsets[user + 1]! &&
      !(known.item[row[own]!] === item && known.timestamp[row[own]!] === log.timestamp[at])
    )
      own++;
    if (own === offsets[user + 1]!)
      throw new InvalidInputError({
        expected: 'every row among what is known',
        received: `an interaction of user ${JSON.stringify(log.users.idOf(user))} that is not`,
        hint: 'Pass the whole log as known.',
      });
    const to = ends[own]!;
    const from = Math.max(offsets[user]!, to - length);
    if (to - offsets[user]! < least) continue;
    found.push({ at, user, item, rating: log.rating[at]!, from, to });
  }
  return {
    user: Int32Array.from(found, (each) => each.user),
    item: Int32Array.from(found, (each) => each.item),
    rating: Float32Array.from(found, (each) => each.rating),
    history: found.map(({ from, to }) => Int32Array.from(row.subarray(from, to), (r) => known.item[r]!)),
    historyRatings: found.map(({ from, to }) =>
      Float32Array.from(row.subarray(from, to), (r) => ratings[r]!),
    ),
    interactions: {
      rows: log.select(Int32Array.from(found, ({ at }) => at)),
      positions: Int32Array.from(found, ({ user, to }) => to - offsets[user]!),
      known,
    },
  };
}

/** Rows at given positions. */
export function takeRows(rows: RatingRows, positions: ArrayLike<number>): RatingRows {
  const list = Array.from(positions);
  const { interactions } = rows;
  return {
    user: Int32Array.from(list, (at) => rows.user[at]!),
    item: Int32Array.from(list, (at) => rows.item[at]!),
    rating: Float32Array.from(list, (at) => rows.rating[at]!),
    history: list.map((at) => rows.history[at] as Int32Array),
    historyRatings: list.map((at) => rows.historyRatings[at] as Float32Array),
    ...(interactions
      ? {
          interactions: {
            ...interactions,
            rows: interactions.rows.select(Int32Array.from(list)),
            positions: Int32Array.from(list, (at) => interactions.positions[at]!),
          },
        }
      : {}),
  };
}

/** Least and greatest rating. */
export interface RatingScale {
  readonly min: number;
  readonly max: number;
}

/** Options of `predict`. */
export type PredictOptions = OutcomeOptions;

/** Whatever predicts ratings: all are judged on the same rows. */
export interface RatingPredictor {
  readonly name: string;
  /**
   * Knowledge of interactions in the texts and vectors that it was built with; `evaluateRatings` refuses it if they
   * know the rows, or do not say. Left out by predictors that read nothing but the rows they were fitted on.
   */
  readonly provenance?: Provenance | undefined;
  /** One prediction per row, within the scale; rows that a fallback predicted are reported to `options.onOutcomes`. */
  predict(rows: RatingRows, options?: OutcomeOptions): Promise<Float32Array>;
}

/** A training set for predictors. */
export interface RatingTask {
  readonly dataset: Dataset;
  readonly train: RatingRows;
  readonly scale: RatingScale;
}

/** A prediction within the scale. */
export function clip(value: number, { min, max }: RatingScale): number {
  return Math.min(max, Math.max(min, value));
}
