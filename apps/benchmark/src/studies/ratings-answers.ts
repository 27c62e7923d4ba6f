import { type Dataset, InvalidInputError, RandomStream } from '@palate/core';
import {
  ANSWERS_CAVEAT,
  loadBundledMovieTweetings,
  loadRatingAnswers,
  type RecordedRating,
} from '@palate/dataset-movietweetings';
import { auc, mae, rmse } from '@palate/eval';
import { LlmRater, type RatingRows, takeRows } from '@palate/llm-rank';
import { answersInOrder, RECORDED } from './answers-in-order.js';
import { pairedDifference } from './paired.js';
import { bundledRatingTask, LIKED, PREDICTORS } from './ratings.js';
import type { Study } from './study.js';

const FOLDS = 10;

/**
 * Positions of the rows that were asked for, in the order of the records.
 *
 * @throws InvalidInputError if one is missing, or was asked with another history
 */
export function recordedRows(
  { log }: Dataset,
  rows: RatingRows,
  records: readonly RecordedRating[],
): number[] {
  const at = new Map(Array.from(rows.user, (user, row) => [`${user} ${rows.item[row]}`, row]));
  return records.map(({ user, item, history }) => {
    const row = at.get(`${log.users.indexOf(user)} ${log.items.indexOf(item)}`);
    const past = row === undefined ? [] : Array.from(rows.history[row] ?? [], (each) => log.items.idOf(each));
    if (row === undefined || past.join(' ') !== history.map((each) => each.item).join(' '))
      throw new InvalidInputError({
        expected: `the row of user ${JSON.stringify(user)} and item ${JSON.stringify(item)} as it was asked`,
        received: row === undefined ? 'no such row' : 'one with another history',
        hint: 'Split in time, validation .1 and test .1, with histories of ten.',
      });
    return row;
  });
}

/**
 * Predictions of one column with another as a further feature: least squares on `[1, first, second]`, each tenth of the rows
 * predicted by what the other nine gave.
 */
export function withFeature(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  rating: ArrayLike<number>,
): number[] {
  const n = rating.length;
  const order = new RandomStream(0).fork('folds').shuffle(Int32Array.from({ length: n }, (_, row) => row));
  const result = new Array<number>(n).fill(0);
  for (let fold = 0; fold < FOLDS; fold++) {
    // Normal equations of three unknowns, as rows [A | b].
    const equations = [0, 1, 2].map(() => [0, 0, 0, 0]);
    const features = (row: number): [number, number, number] => [1, first[row]!, second[row]!];
    for (const [k, row] of order.entries()) {
      if (k % FOLDS === fold) continue;
      const x = features(row);
      for (const [i, equation] of equations.entries()) {
        for (const [j, value] of x.entries()) equation[j]! += x[i]! * value;
        equation[3]! += x[i]! * rating[row]!;
      }
    }
    const weights = solve(equations);
    for (const [k, row] of order.entries())
      if (k % FOLDS === fold)
        result[row] = Math.min(
          10,
          Math.max(
            0,
            features(row).reduce((sum, value, j) => sum + value * weights[j]!, 0),
          ),
        );
  }
  return result;
}

/** Solves linear equations `[A | b]` by elimination with pivots; a column without a pivot gets weight 0. */
function solve(equations: readonly (readonly number[])[]): number[] {
  const rows = equations.map((row) => [...row]);
  const n = rows.length;
  const used = new Set<number>();
  const pivotOf = new Array<number | undefined>(n).fill(undefined);
  for (let column = 0; column < n; column++) {
    let best: number | undefined;
    for (let row = 0; row < n; row++)
      if (
        !used.has(row) &&
        (best === undefined || Math.abs(rows[row]![column]!) > Math.abs(rows[best]![column]!))
      )
        best = row;
    if (best === undefined || Math.abs(rows[best]![column]!) < 1e-9) continue;
    used.add(best);
    pivotOf[column] = best;
    const pivot = rows[best]!;
    for (let row = 0; row < n; row++) {
      if (row === best) continue;
      const factor = rows[row]![column]! / pivot[column]!;
      for (let k = column; k <= n; k++) rows[row]![k]! -= factor * pivot[k]!;
    }
  }
  return pivotOf.map((row, column) => (row === undefined ? 0 : rows[row]![n]! / rows[row]![column]!));
}

/** A large language model's ratings beside every predictor on the same rows, and as a feature of them. */
export const ratingsAnswers: Study = {
  name: 'ratings-answers',
  title: 'Rating prediction on MovieTweetings with a large language model: 500 rows (0 to 10)',
  protocol: `500 test rows of study ratings, one a user, with at least three ratings before them; predictors are fitted as there, seed 0. ${ANSWERS_CAVEAT} Its numbers went through LlmRater and its reader; three-shot answers saw three examples of other users. As a feature: least squares on the predictor's value and the model's three-shot answer, each tenth of the rows predicted by what the other nine gave. Differences are of squared errors, paired by row, with 95 % intervals: below 0 is better. A study run with \`--finished\` leaves out predictors that are not measured yet.`,
  run: async (context) => {
    const dataset = await loadBundledMovieTweetings({ core: 5 });
    const { task, test } = bundledRatingTask(dataset);
    const records = await loadRatingAnswers();
    const rows = takeRows(test, recordedRows(dataset, test, records));
    const truth = Array.from(rows.rating);
    const isLiked = truth.map((rating) => (rating >= LIKED ? 1 : 0));
    const squared = (values: ArrayLike<number>): number[] =>
      truth.map((rating, row) => (values[row]! - rating) ** 2);
    const found: { readonly label: string; readonly values: readonly number[] }[] = [];
    for (const [shots, label, of] of [
      [0, 'zero-shot', 'zeroShot'],
      [3, 'three-shot', 'threeShot'],
    ] as const) {
      const answers = records.map((record) => String(record[of]));
      const rater = new LlmRater(task, { model: answersInOrder(answers), shots });
      found.push({ label: `${RECORDED}, ${label}`, values: Array.from(await rater.predict(rows)) });
    }
    const [zero, three] = found.map(({ values }) => values) as [readonly number[], readonly number[]];
    for (const { label, fit } of PREDICTORS) {
      const values = await context.optionalCell(label, [label, 0, truth.length, 1], async (call) =>
        Array.from(await (await fit(task, { ...call, seed: 0 })).predict(rows)),
      );
      if (values) found.push({ label, values });
    }
    const own = found.find(({ label }) => label.startsWith('user mean'))?.values ?? three;
    const cells = (values: ArrayLike<number>): string[] => [
      rmse(values, truth).toFixed(4),
      mae(values, truth).toFixed(4),
      auc(values, isLiked).toFixed(4),
    ];
    return {
      columns: [
        'predictor',
        'RMSE',
        'MAE',
        'AUC',
        'squared error less that of the user mean',
        'RMSE with the model’s answer as a feature',
        'change of squared error by the feature',
      ],
      rows: found.map(({ label, values }) => {
        const isModel = label.startsWith(RECORDED);
        const joined = withFeature(values, three, truth);
        const alone = withFeature(values, values, truth);
        return [
          label,
          ...cells(values),
          values === own ? '' : pairedDifference(squared(values), squared(own)),
          ...(isModel
            ? ['', '']
            : [rmse(joined, truth).toFixed(4), pairedDifference(squared(joined), squared(alone))]),
        ];
      }),
      notes: [
        `Three-shot answers against zero-shot ones: ${pairedDifference(squared(three), squared(zero))} in squared error. The change by the feature is against the same least squares on the predictor alone, so that calibration is no gain of the model's.`,
      ],
    };
  },
};
