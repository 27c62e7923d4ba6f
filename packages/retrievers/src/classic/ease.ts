import {
  type Dataset,
  defineOptions,
  distinctHistory,
  type InteractionLog,
  type LongCallOptions,
  type OptionsOf,
  option,
  type SettingsOf,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import { COMPUTE } from '../compute/default-compute.js';
import { FittedRetriever, fittedOn } from '../fitted-retriever.js';
import { invertSpd, SymmetricPanels } from '../linear-algebra/invert-spd.js';
import { savedFloats } from '../saved-tensors.js';
import type { RowScorer } from '../score-rows.js';
import { userItemMatrix } from '../sparse.js';
import { loadRetriever, type RetrieverContents, type StoredRetriever } from '../stored-retriever.js';

/** Options of {@link Ease.fit}. */
export const EASE = defineOptions('Ease.fit', {
  lambda: option.number({ min: Number.MIN_VALUE })({ default: 500, doc: 'weight of the L2 penalty' }),
  threads: option
    .value<number>('a whole number from 1', (value) => Number.isInteger(value) && (value as number) >= 1)
    .optional({
      doc: 'threads of native matrix products; one a core if left out',
      identity: () => undefined,
    }),
  compute: COMPUTE,
});

/** Options of {@link Ease.fit}; {@link EASE} says what each does. */
export type EaseOptions = OptionsOf<typeof EASE.declarations> & LongCallOptions;

type Config = SettingsOf<typeof EASE.declarations>;

/** The Gram matrix `X^T X` of binary interactions: how many users have both items. */
export function gramMatrix(log: InteractionLog): SymmetricPanels {
  const gram = new SymmetricPanels(log.items.size);
  const { offsets, columns } = userItemMatrix(log);
  for (let user = 0; user + 1 < offsets.length; user++) {
    const start = offsets[user]!;
    for (let p = start; p < offsets[user + 1]!; p++) {
      const { values, from } = gram.row(columns[p]!);
      for (let q = start; q <= p; q++) values[from + columns[q]!]! += 1;
    }
  }
  gram.mirrorDiagonalBlocks();
  return gram;
}

/**
 * EASE, the linear autoencoder in closed form (Steck 2019): with `P = (X^T X + lambda I)^-1`, the weights are
 * `B_ij = -P_ij / P_jj` with a diagonal of exactly zero, and a history's scores are the sum of its items' rows.
 *
 * Fitting inverts an items x items matrix in double precision: `items^3 / 2` multiplications, `4 * items^2` bytes while it
 * runs and for the weights after.
 */
export class Ease extends FittedRetriever<Config> {
  readonly name = 'EASE';
  /** Row-major, items x items. */
  readonly #weights: Float32Array;

  private constructor(fitted: StoredRetriever<Config>, weights: Float32Array) {
    super(fitted);
    this.#weights = weights;
  }

  /** Solves for the weights. */
  static async fit(dataset: Dataset, options: EaseOptions = {}): Promise<Ease> {
    const config = EASE.settings(options);
    throwIfCancelled(options.signal, 'fitting EASE');
    const { lambda, threads, compute } = config;
    const { signal, onProgress } = options;
    const { log } = dataset;
    const n = log.items.size;
    const matrix = gramMatrix(log);
    await yieldToEventLoop(signal, 'fitting EASE');
    for (let item = 0; item < n; item++) matrix.add(item, item, lambda);
    await invertSpd(matrix, { signal, onProgress, threads, compute });
    const diagonal = Float64Array.from({ length: n }, (_, item) => matrix.at(item, item));
    const weights = new Float32Array(n * n);
    // By tiles, so that the transposed writes stay in cache.
    const tile = 64;
    for (let top = 0; top < n; top += tile)
      for (let left = 0; left <= top; left += tile)
        for (let row = top; row < Math.min(n, top + tile); row++) {
          const { values, from } = matrix.row(row);
          for (let column = left; column < Math.min(row, left + tile); column++) {
            const value = values[from + column]!;
            weights[row * n + column] = -value / diagonal[column]!;
            weights[column * n + row] = -value / diagonal[row]!;
          }
        }
    return new Ease(fittedOn(log, config), weights);
  }

  protected rowScorer(): RowScorer {
    const n = this.items.size;
    const sum = new Float64Array(n);
    return (query, row) => {
      sum.fill(0);
      for (const item of distinctHistory(query, n)) {
        const from = item * n;
        for (let other = 0; other < n; other++) sum[other]! += this.#weights[from + other]!;
      }
      row.set(sum);
    };
  }

  protected contents(): RetrieverContents {
    const n = this.items.size;
    return {
      kind: 'ease',
      config: EASE.saved(this.config),
      tensors: { weights: { shape: [n, n], values: this.#weights } },
    };
  }

  static async load(dir: string): Promise<Ease> {
    const { fitted, artifact } = await loadRetriever(dir, 'ease', EASE);
    const { size } = fitted.items;
    return new Ease(fitted, savedFloats(dir, artifact.tensors, 'weights', [size, size]));
  }
}
