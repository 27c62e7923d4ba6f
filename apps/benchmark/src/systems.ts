import type { Dataset, Retriever } from '@palate/core';
import { METHODS } from '@palate/engine';
import { fitGraphModel } from './graph-systems.js';
import { benchmarkContext, type FitContext } from './method-context.js';
import type { SystemOptions } from './suite.js';
import { fitPalr, fitTextKnn } from './text-systems.js';

/** A system that suites can name. */
export interface BenchmarkSystem {
  /** True where the seed changes nothing: one seed is run. */
  readonly deterministic: boolean;
  /** Options go to the system's own `fit`, which refuses what it does not know. */
  readonly fit: (dataset: Dataset, options: SystemOptions, context: FitContext) => Promise<Retriever>;
}

/** Systems that rows give more than the registry's options: texts, profiles, candidates. */
const OWN: Readonly<Record<string, BenchmarkSystem>> = {
  'text-knn': { deterministic: true, fit: fitTextKnn },
  palr: { deterministic: false, fit: fitPalr },
  graph: { deterministic: false, fit: fitGraphModel },
};

/** Every system of the benchmark by its key: the retrievers of the registry, and those of {@link OWN}. */
export const SYSTEMS: Readonly<Record<string, BenchmarkSystem>> = {
  ...Object.fromEntries(
    METHODS.filter(({ kind }) => kind === 'retriever').map((method): [string, BenchmarkSystem] => [
      method.key,
      {
        deterministic: method.deterministic,
        fit: async (data, options, context) =>
          method.fit(data, options, await benchmarkContext(data, context)),
      },
    ]),
  ),
  ...OWN,
};
