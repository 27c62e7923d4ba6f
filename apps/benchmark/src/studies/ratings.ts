import { type Dataset, type LongCallOptions, withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { splitByTime } from '@palate/datasets';
import {
  dataEfficiency,
  evaluateRatings,
  fitRatingBaseline,
  fitT5Rater,
  meanPredictor,
  type RatingPredictor,
  type RatingResult,
  type RatingRows,
  type RatingTask,
  ratingRows,
} from '@palate/llm-rank';
import { meanAndDeviation, type Study } from './study.js';

const SCALE = { min: 0, max: 10 };
/** Which rows see what: 2 ends histories strictly before a rating's second. Part of every cell's key. */
const HISTORIES = 2;
/** How answers become ratings: 2 reads them by the one reader and knows halves. Part of every cell's key. */
const ANSWERS = 2;

/** Ratings from which a film counts as liked. */
export const LIKED = 8;
const SHARES = [0.05, 0.2, 1];

/** Predictors of the table, each fitted on the training rows. */
export const PREDICTORS: readonly {
  readonly label: string;
  readonly fit: (task: RatingTask, call: LongCallOptions) => Promise<RatingPredictor>;
  readonly isFixed?: boolean | undefined;
}[] = [
  { label: 'global mean', fit: async (task) => meanPredictor(task, 'global'), isFixed: true },
  { label: 'item mean', fit: async (task) => meanPredictor(task, 'item'), isFixed: true },
  { label: 'user mean (of the past)', fit: async (task) => meanPredictor(task, 'user'), isFixed: true },
  {
    label: 'MF',
    fit: (task, call) => fitRatingBaseline(task, 'mf', { ...call, epochs: 20, learningRate: 0.003 }),
  },
  { label: 'MLP', fit: (task, call) => fitRatingBaseline(task, 'mlp', call) },
  { label: 'Transformer-MLP', fit: (task, call) => fitRatingBaseline(task, 'transformer-mlp', call) },
  {
    label: 'T5 (local), classification',
    fit: (task, call) => fitT5Rater(task, { ...call, head: 'classification' }),
  },
  { label: 'T5 (local), regression', fit: (task, call) => fitT5Rater(task, { ...call, head: 'regression' }) },
];

/** The training task and the test rows of the bundled data, split in time. */
export function bundledRatingTask(dataset: Dataset): {
  readonly task: RatingTask;
  readonly test: RatingRows;
} {
  const split = splitByTime(dataset.log, { validation: 0.1, test: 0.1 });
  const train = withLog(dataset, split.train);
  return {
    task: { dataset: train, train: ratingRows(split.train, split.train), scale: SCALE },
    test: ratingRows(split.test, dataset.log),
  };
}

/** Rating prediction on the bundled data. */
export const ratings: Study = {
  name: 'ratings',
  title: 'Rating prediction on MovieTweetings (0 to 10), later ratings from earlier ones',
  protocol:
    'Split in time 80 % : 10 % : 10 %, test rows with at least one rating before them; history of ten; liked: rating from 8; AUC with half credit for ties; the T5 is trained here from the start, 11-way or scalar head, and stands in for the paper’s fine-tuned Flan-T5; predictions clipped to the scale. Mean and deviation over three seeds. A large language model on 500 of these rows: study ratings-answers.',
  run: async (context) => {
    const dataset = await loadBundledMovieTweetings({ core: 5 });
    const { task, test } = bundledRatingTask(dataset);
    const rows: string[][] = [];
    for (const { label, fit, isFixed } of PREDICTORS) {
      const found: RatingResult[] = [];
      for (const seed of isFixed ? [0] : [0, 1, 2])
        found.push(
          await context.cell(
            `${label} seed ${seed}`,
            [label, seed, test.rating.length, HISTORIES, ANSWERS],
            async (call) => {
              const [result] = await evaluateRatings([await fit(task, { ...call, seed })], test, LIKED);
              return result as RatingResult;
            },
          ),
        );
      const curve = isFixed
        ? undefined
        : await context.cell(
            `${label} curve`,
            [label, SHARES, test.rating.length, HISTORIES, ANSWERS],
            (call) =>
              dataEfficiency(task, test, LIKED, SHARES.slice(0, -1), (fewer) =>
                fit(fewer, { ...call, seed: 0 }),
              ),
          );
      rows.push([
        label,
        meanAndDeviation(found.map((result) => result.rmse)),
        meanAndDeviation(found.map((result) => result.mae)),
        meanAndDeviation(found.map((result) => result.auc)),
        curve ? curve.map(({ rmse }) => rmse.toFixed(4)).join(' / ') : '',
      ]);
    }
    return {
      columns: [
        'predictor',
        'RMSE',
        'MAE',
        'AUC',
        `RMSE with ${SHARES.slice(0, -1)
          .map((share) => `${100 * share} %`)
          .join(' / ')} of the rows`,
      ],
      rows,
    };
  },
};
