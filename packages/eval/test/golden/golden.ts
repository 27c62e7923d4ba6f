import { readFileSync } from 'node:fs';

interface Golden {
  readonly ranking: readonly ({ readonly grades: number[]; readonly scores: number[] } & Readonly<
    Record<string, number>
  >)[];
  readonly prediction: Readonly<
    Record<'labels' | 'scores' | 'probabilities' | 'truths' | 'predictions' | 'groups', number[]> &
      Record<'auc' | 'gauc' | 'logLoss' | 'rmse' | 'mae', number>
  >;
  readonly significance: Readonly<
    Record<'a' | 'b' | 't' | 'wilcoxon' | 'percentile' | 'bca', number[]> & {
      randomisation: number;
    } & Record<'student' | 'normal' | 'quantile', number[][]>
  >;
}

/** Values of scikit-learn 1.2.1 and scipy 1.10.1, written by make_golden.py beside this file. */
export const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Golden;
