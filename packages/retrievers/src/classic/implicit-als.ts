import {
  type Dataset,
  defineOptions,
  distinctHistory,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  RandomStream,
  type SettingsOf,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import { FittedRetriever, fittedOn } from '../fitted-retriever.js';
import { choleskySolve } from '../linear-algebra/cholesky-solve.js';
import { savedFloats } from '../saved-tensors.js';
import type { RowScorer } from '../score-rows.js';
import { transpose, userItemMatrix } from '../sparse.js';
import { loadRetriever, type RetrieverContents, type StoredRetriever } from '../stored-retriever.js';

/** Options of {@link ImplicitAls.fit}. */
export const IMPLICIT_ALS = defineOptions('ImplicitAls.fit', {
  factors: option.integer({ min: 1, max: 512 })({ default: 64, doc: 'width of the factors' }),
  alpha: option.number({ min: 0 })({ default: 10, doc: 'confidence of an interaction is `1 + alpha`' }),
  lambda: option.number({ min: Number.MIN_VALUE })({ default: 10, doc: 'weight of the L2 penalty' }),
  iterations: option.integer({ min: 1 })({ default: 10, doc: 'rounds over users and items' }),
});

/** Options of {@link ImplicitAls.fit}; {@link IMPLICIT_ALS} says what each does. */
export type ImplicitAlsOptions = OptionsOf<typeof IMPLICIT_ALS.declarations> & LongCallOptions;

type Config = SettingsOf<typeof IMPLICIT_ALS.declarations>;

/** `Y^T Y`, row-major `width` x `width`. */
function gram(factors: Float32Array, rows: number, width: number): Float64Array {
  const result = new Float64Array(width * width);
  for (let r = 0; r < rows; r++) {
    const from = r * width;
    for (let i = 0; i < width; i++) {
      const value = factors[from + i]!;
      for (let j = 0; j <= i; j++) result[i * width + j]! += value * factors[from + j]!;
    }
  }
  return result;
}

/** Solves for one row's factors given the other side's: the ridge system of Hu et al. 2008, equation 4. */
class RowSolver {
  readonly #config: Config;
  readonly #base: Float64Array;
  readonly #matrix: Float64Array;
  readonly #right: Float64Array;

  constructor(other: Float32Array, rows: number, config: Config) {
    const { factors: width, lambda } = config;
    this.#config = config;
    this.#base = gram(other, rows, width);
    for (let i = 0; i < width; i++) this.#base[i * width + i]! += lambda;
    this.#matrix = new Float64Array(width * width);
    this.#right = new Float64Array(width);
  }

  solve(other: Float32Array, indexes: ArrayLike<number>, from: number, to: number, out: Float32Array): void {
    const { factors: width, alpha } = this.#config;
    const matrix = this.#matrix;
    const right = this.#right;
    matrix.set(this.#base);
    right.fill(0);
    for (let p = from; p < to; p++) {
      const row = indexes[p]! * width;
      for (let i = 0; i < width; i++) {
        const value = alpha * other[row + i]!;
        const at = i * width;
        for (let j = 0; j <= i; j++) matrix[at + j]! += value * other[row + j]!;
        right[i]! += value + other[row + i]!;
      }
    }
    if (!choleskySolve(matrix, right, width))
      throw new InvalidInputError({
        expected: 'a solvable system',
        received: 'one that is not positive definite',
        hint: 'Use a larger lambda.',
      });
    out.set(right);
  }
}

/**
 * Weighted matrix factorisation by alternating least squares (WR-MF; Hu, Koren and Volinsky 2008): every pair of
 * user and item counts, observed ones with confidence `1 + alpha`, others with 1. Each history, of known or new
 * users, is folded in by one ridge solve against the item factors.
 *
 * A round costs `interactions * factors^2 + (users + items) * factors^3 / 6` multiply-adds.
 */
export class ImplicitAls extends FittedRetriever<Config> {
  readonly name = 'iALS';
  /** Row-major, items x factors. */
  readonly #itemFactors: Float32Array;

  private constructor(fitted: StoredRetriever<Config>, itemFactors: Float32Array) {
    super(fitted);
    this.#itemFactors = itemFactors;
  }

  /** Alternates between solving for users and for items. */
  static async fit(dataset: Dataset, options: ImplicitAlsOptions = {}): Promise<ImplicitAls> {
    const config = IMPLICIT_ALS.settings(options);
    throwIfCancelled(options.signal, 'fitting iALS');
    const { log } = dataset;
    const width = config.factors;
    const users = log.users.size;
    const items = log.items.size;
    const byUser = userItemMatrix(log);
    const byItem = transpose(byUser, items);
    const random = new RandomStream(options.seed ?? 0).fork('implicit-als');
    const itemFactors = Float32Array.from(
      { length: items * width },
      () => (0.1 * random.normal()) / Math.sqrt(width),
    );
    const userFactors = new Float32Array(users * width);
    const sweep = async (
      phase: string,
      target: Float32Array,
      rows: number,
      matrix: typeof byUser,
      other: Float32Array,
      others: number,
    ): Promise<void> => {
      const solver = new RowSolver(other, others, config);
      for (let row = 0; row < rows; row++) {
        solver.solve(
          other,
          matrix.columns,
          matrix.offsets[row]!,
          matrix.offsets[row + 1]!,
          target.subarray(row * width, (row + 1) * width),
        );
        if (row % 512 === 511 || row === rows - 1) {
          options.onProgress?.({ phase, done: row + 1, total: rows });
          await yieldToEventLoop(options.signal, 'fitting iALS');
        }
      }
    };
    for (let round = 1; round <= config.iterations; round++) {
      await sweep(
        `fit iALS, round ${round} of ${config.iterations}, users`,
        userFactors,
        users,
        byUser,
        itemFactors,
        items,
      );
      await sweep(
        `fit iALS, round ${round} of ${config.iterations}, items`,
        itemFactors,
        items,
        byItem,
        userFactors,
        users,
      );
    }
    return new ImplicitAls(fittedOn(log, config), itemFactors);
  }

  protected rowScorer(): RowScorer {
    const width = this.config.factors;
    const n = this.items.size;
    const solver = new RowSolver(this.#itemFactors, n, this.config);
    const vector = new Float32Array(width);
    return (query, row) => {
      const history = distinctHistory(query, n);
      solver.solve(this.#itemFactors, history, 0, history.length, vector);
      for (let item = 0; item < n; item++) {
        let sum = 0;
        for (let i = 0; i < width; i++) sum += vector[i]! * this.#itemFactors[item * width + i]!;
        row[item] = sum;
      }
    };
  }

  protected contents(): RetrieverContents {
    const shape = [this.items.size, this.config.factors];
    return {
      kind: 'implicit-als',
      config: IMPLICIT_ALS.saved(this.config),
      tensors: { itemFactors: { shape, values: this.#itemFactors } },
    };
  }

  static async load(dir: string): Promise<ImplicitAls> {
    const { fitted, artifact } = await loadRetriever(dir, 'implicit-als', IMPLICIT_ALS);
    const shape = [fitted.items.size, fitted.config.factors];
    return new ImplicitAls(fitted, savedFloats(dir, artifact.tensors, 'itemFactors', shape));
  }
}
