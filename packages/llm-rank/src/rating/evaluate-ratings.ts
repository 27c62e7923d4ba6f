import {
  checkNumber,
  checkProvenance,
  defineOptions,
  InteractionLog,
  InvalidInputError,
  type OptionsOf,
  type OutcomeCounts,
  option,
  RandomStream,
  sumOutcomes,
  trainingOf,
} from '@palate/core';
import { auc, checkOutcomes, checkValues, mae, rmse, TRUST_LIMITS } from '@palate/eval';
import { type RatingPredictor, type RatingRows, type RatingTask, takeRows } from './rating-rows.js';

/** How well ratings were predicted. */
export interface RatingResult {
  readonly name: string;
  readonly rmse: number;
  readonly mae: number;
  /** Chance that a rating from `positive` on is predicted above one below; ties count one half. */
  readonly auc: number;
  readonly rows: number;
  /** Counts that the predictor reported about its answers: how many rows a fallback predicted, and why. */
  readonly outcomes?: readonly OutcomeCounts[] | undefined;
}

/** Options of {@link evaluateRatings}. */
export const EVALUATE_RATINGS = defineOptions(
  'evaluateRatings',
  {
    maxFallbackShare: option.number({ min: 0, max: 1 })({
      default: TRUST_LIMITS.fallbacks,
      doc: 'share of the rows that a fallback may predict before the predictor is refused',
    }),
    train: option
      .value<InteractionLog>('an interaction log', (value) => value instanceof InteractionLog)
      .optional({ doc: 'interactions that predictors were fitted on: texts made from them are accepted' }),
  },
  [],
);

/** Options of {@link evaluateRatings}; {@link EVALUATE_RATINGS} says what each does. */
export type EvaluateRatingsOptions = OptionsOf<typeof EVALUATE_RATINGS.declarations>;

/**
 * Judges predictors on the same rows.
 *
 * @param positive - least rating that counts as liked, 4 of 5 in the paper
 * @throws InvalidInputError for a prediction that is not finite, or missing, with predictor and row; or a `positive` that is
 *   no number
 * @throws LeakError for a predictor whose texts or vectors know a row, or do not say what they know
 * @throws UntrustworthyResultError for a predictor whose ratings came from its fallback beyond the share
 */
export async function evaluateRatings(
  predictors: readonly RatingPredictor[],
  rows: RatingRows,
  positive: number,
  options: EvaluateRatingsOptions = {},
): Promise<RatingResult[]> {
  const { maxFallbackShare: most, train } = EVALUATE_RATINGS.settings(options);
  checkNumber('positive', positive);
  const liked = Array.from(rows.rating, (rating) => (rating >= positive ? 1 : 0));
  const results: RatingResult[] = [];
  for (const predictor of predictors) {
    checkUnseen(predictor, rows, train);
    const told: OutcomeCounts[] = [];
    const predictions = await predictor.predict(rows, { onOutcomes: (each) => told.push(each) });
    if (predictions.length !== rows.rating.length)
      throw new InvalidInputError({
        expected: `${rows.rating.length} predictions of ${predictor.name}`,
        received: String(predictions.length),
        hint: 'Predict every row once.',
      });
    checkValues(
      `predictions of ${predictor.name}`,
      predictions,
      {},
      (row) => `row ${row} (user ${rows.user[row]}, item ${rows.item[row]})`,
    );
    const outcomes = sumOutcomes(told);
    checkOutcomes(predictor.name, outcomes, most);
    results.push({
      name: predictor.name,
      rmse: rmse(predictions, rows.rating),
      mae: mae(predictions, rows.rating),
      auc: auc(predictions, liked),
      rows: rows.rating.length,
      outcomes: outcomes.length > 0 ? outcomes : undefined,
    });
  }
  return results;
}

/** Refuses a predictor whose texts or vectors know what it is asked. */
function checkUnseen({ name, provenance }: RatingPredictor, rows: RatingRows, train?: InteractionLog): void {
  if (!provenance || provenance.kind === 'world') return;
  if (!rows.interactions)
    throw new InvalidInputError({
      expected: `rows with the interactions they stand for, since ${name} was built with texts or vectors made from interactions`,
      received: 'rows without interactions',
      hint: 'Make the rows with ratingRows.',
    });
  checkProvenance(`what ${name} was built with`, provenance, {
    ...rows.interactions,
    training: train ? trainingOf(train) : [],
  });
}

/** A point of the data-efficiency curve. */
export interface EfficiencyPoint extends RatingResult {
  /** Share of the training rows. */
  readonly share: number;
}

/**
 * How results grow with the training data: fits on growing shares of the rows, nested, and judges on the same rows.
 *
 * @param shares - from above 0 to 1
 * @param fit - fits a predictor on the task with fewer rows
 */
export async function dataEfficiency(
  task: RatingTask,
  test: RatingRows,
  positive: number,
  shares: readonly number[],
  fit: (task: RatingTask) => Promise<RatingPredictor>,
  seed = 0,
): Promise<EfficiencyPoint[]> {
  const order = new RandomStream(seed)
    .fork('data efficiency')
    .shuffle(Int32Array.from(task.train.item.keys()));
  const points: EfficiencyPoint[] = [];
  for (const share of shares) {
    const train = takeRows(task.train, order.subarray(0, Math.max(1, Math.round(share * order.length))));
    const [result] = await evaluateRatings([await fit({ ...task, train })], test, positive);
    points.push({ ...(result as RatingResult), share });
  }
  return points;
}
