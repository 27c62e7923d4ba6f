import { fingerprint, InvalidInputError } from '@palate/core';
import type { Bert4Rec, SasRec } from '@palate/sequential';
import { CACHE } from '../item-texts.js';
import { prepare } from '../prepare.js';
import { fileName } from '../results.js';
import { labelOf } from '../suite.js';
import { movietweetingsSequential as suite } from '../suites/movietweetings-sequential.js';
import { SYSTEMS } from '../systems.js';
import type { Study } from './study.js';

/** Rows of the suite whose training is followed, at its first seed. */
export const FOLLOWED = [
  'SASRec, cross-entropy among unseen films',
  'SASRec, cross-entropy',
  'SASRec, BCE',
  'BERT4Rec',
];

/** Epochs that the table shows; the figure shows all. */
const SHOWN = [1, 2, 5, 10, 20, 40, 60];

/** Name of the measure that the training stops by. */
const METRIC = 'ndcg@10';

/** How the validation rises with the epochs. */
export const learningCurves: Study = {
  name: 'learning-curves',
  title: 'NDCG@10 on the validation part after each epoch, sequential recommenders on MovieTweetings',
  protocol:
    'Rows, options, data and split of the suite movietweetings-sequential, first seed: the second-last interaction of each user among all films, history masked. Training stops where the validation has not risen for as many epochs as the row’s patience says, or at 60; the weights of the best epoch are the ones that the suite tests.',
  run: async (context) => {
    const rows: string[][] = [];
    const { train, split } = await prepare(suite, { signal: context.signal });
    for (const label of FOLLOWED) {
      const row = suite.systems.find((each) => labelOf(each) === label);
      const system = row && SYSTEMS[row.system];
      if (!row || !system)
        throw new InvalidInputError({
          expected: `a row ${label} of ${suite.name}`,
          received: 'none',
          hint: 'Correct FOLLOWED.',
        });
      const seed = suite.seeds[0];
      const values = await context.optionalCell(
        label,
        [fingerprint(split.known), row.system, row.options ?? {}, seed],
        async (call): Promise<number[]> => {
          using model = (await system.fit(train, row.options ?? {}, {
            ...call,
            seed,
            validation: split.validation,
            checkpoints: `${CACHE}/checkpoints/learning-curves-${fileName(label)}`,
          })) as SasRec | Bert4Rec;
          return model.history.map(({ metrics }) => metrics[METRIC] ?? Number.NaN);
        },
      );
      if (!values) continue;
      const best = values.indexOf(Math.max(...values));
      rows.push([
        label,
        ...SHOWN.map((epoch) => values[epoch - 1]?.toFixed(4) ?? ''),
        `${best + 1} of ${values.length}`,
        values[best]?.toFixed(4) ?? '',
      ]);
    }
    return {
      columns: ['system', ...SHOWN.map((epoch) => `epoch ${epoch}`), 'best epoch', 'best value'],
      rows,
    };
  },
};
