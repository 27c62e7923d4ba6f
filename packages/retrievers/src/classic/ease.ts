import {
  type Dataset,
  defineOptions,
  type EdgePrior,
  edgePriorOf,
  edgePriorOptions,
  type InteractionLog,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  type SettingsOf,
  throwIfCancelled,
  withEdgeProvenance,
  yieldToEventLoop,
} from '@palate/core';
import { COMPUTE } from '../compute/default-compute.js';
import { FittedRetriever, fittedOn } from '../fitted-retriever.js';
import { invertSpd, SymmetricPanels } from '../linear-algebra/invert-spd.js';
import { savedFloats } from '../saved-tensors.js';
import { type RowScorer, sumOfHistoryRows } from '../score-rows.js';
import { userItemMatrix } from '../sparse.js';
import { loadWithEdges, type RetrieverContents, type StoredRetriever } from '../stored-retriever.js';
import { denseWeights, keepTop, sparseTensors } from './top-weights.js';

/** Sum of an item's weights in the prior, where nothing is said. */
const EDGE_STRENGTH = 0.1;

/** Options of {@link Ease.fit}. */
export const EASE = defineOptions('Ease.fit', {
  lambda: option.number({ min: Number.MIN_VALUE })({ default: 500, doc: 'weight of the L2 penalty' }),
  threads: option
    .value<number>('a whole number from 1', (value) => Number.isInteger(value) && (value as number) >= 1)
    .optional({
      doc: 'threads of native matrix products; one per core if left out',
      identity: () => undefined,
    }),
  compute: COMPUTE,
  keep: option.choice(['all', 'top']).optional({
    doc: "`'top'` keeps only the largest weights of each item, to a twenty-fifth of the items (at least 20): saved folders shrink to less than a tenth; left out: all",
  }),
  ...edgePriorOptions({
    strength: "sum of an item's weights in the prior of edges, towards which weights shrink in place of 0",
    default: EDGE_STRENGTH,
  }),
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
 * With edges between items the penalty is `lambda |B - S|^2` in place of `lambda |B|^2`, where row `i` of `S` has the
 * weights of item `i`'s edges, brought to the sum `edgeStrength`: what the interactions do not say, the edges do. Then
 * `B_ij = lambda (P S)_ij - P_ij (1 + lambda (P S)_jj) / P_jj`, the diagonal still exactly zero.
 *
 * Fitting inverts an items x items matrix in double precision: `items^3 / 2` multiplications, `4 * items^2` bytes while it
 * runs and for the weights after; edges cost `items` multiplications each.
 */
export class Ease extends FittedRetriever<Config> {
  readonly name = 'EASE';
  /** Row-major, items x items. */
  readonly #weights: Float32Array;
  readonly provenance?: Provenance;

  private constructor(
    fitted: StoredRetriever<Config>,
    weights: Float32Array,
    provenance: Provenance | undefined,
  ) {
    super(fitted);
    this.#weights = weights;
    if (provenance) this.provenance = provenance;
  }

  /**
   * Solves for the weights.
   *
   * @throws InvalidInputError for unknown options
   */
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
    const prior = edgePriorOf(config, log.items, EDGE_STRENGTH);
    const weights = prior ? await weightsTowards(matrix, prior, lambda, signal) : weightsOf(matrix);
    if (config.keep === 'top') await keepTop(weights, n, signal);
    return new Ease(fittedOn(log, config), weights, prior?.edges.provenance);
  }

  protected rowScorer(): RowScorer {
    return sumOfHistoryRows(this.#weights, this.items.size);
  }

  protected contents(): RetrieverContents {
    const n = this.items.size;
    return {
      kind: 'ease',
      config: withEdgeProvenance(
        EASE.saved(this.config),
        this.provenance,
        this.config.edgeStrength ?? EDGE_STRENGTH,
      ),
      tensors:
        this.config.keep === 'top'
          ? sparseTensors(this.#weights, n)
          : { weights: { shape: [n, n], values: this.#weights } },
    };
  }

  static async load(dir: string): Promise<Ease> {
    const { fitted, provenance, artifact } = await loadWithEdges(dir, 'ease', EASE);
    const { size } = fitted.items;
    const weights =
      fitted.config.keep === 'top'
        ? denseWeights(dir, artifact.tensors, size)
        : savedFloats(dir, artifact.tensors, 'weights', [size, size]);
    return new Ease(fitted, weights, provenance);
  }
}

/** Rows and columns of a tile of weights, so that the transposed writes stay in cache. */
const TILE = 64;

/** `-P_ij / P_jj`, with a diagonal of zero. */
function weightsOf(matrix: SymmetricPanels): Float32Array {
  const n = matrix.size;
  const diagonal = Float64Array.from({ length: n }, (_, item) => matrix.at(item, item));
  const weights = new Float32Array(n * n);
  for (let top = 0; top < n; top += TILE)
    for (let left = 0; left <= top; left += TILE)
      for (let row = top; row < Math.min(n, top + TILE); row++) {
        const { values, from } = matrix.row(row);
        for (let column = left; column < Math.min(row, left + TILE); column++) {
          const value = values[from + column]!;
          weights[row * n + column] = -value / diagonal[column]!;
          weights[column * n + row] = -value / diagonal[row]!;
        }
      }
  return weights;
}

/** `lambda (P S)_ij - P_ij (1 + lambda (P S)_jj) / P_jj`, with a diagonal of zero. */
async function weightsTowards(
  matrix: SymmetricPanels,
  { edges, strength }: EdgePrior,
  lambda: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const n = matrix.size;
  const { offsets, targets, weights: given } = edges;
  const share = Float64Array.from(given);
  for (let item = 0; item < n; item++) {
    let sum = 0;
    for (let e = offsets[item]!; e < offsets[item + 1]!; e++) sum += given[e]!;
    for (let e = offsets[item]!; e < offsets[item + 1]!; e++)
      share[e] = (lambda * strength * given[e]!) / sum;
  }
  const inverse = new Float64Array(n);
  const moved = new Float64Array(n);
  /** Row `row` of `P`, and of `lambda P S`. */
  const fill = (row: number): void => {
    for (let column = 0; column < n; column++) inverse[column] = matrix.at(row, column);
    moved.fill(0);
    for (let item = 0; item < n; item++) {
      const factor = inverse[item]!;
      for (let e = offsets[item]!; e < offsets[item + 1]!; e++) moved[targets[e]!]! += factor * share[e]!;
    }
  };
  const weights = new Float32Array(n * n);
  const multiplier = new Float64Array(n);
  // First the rows as they are, since the multipliers of all columns are known at the end alone.
  for (let row = 0; row < n; row++) {
    if (row % 64 === 0) await yieldToEventLoop(signal, 'fitting EASE');
    fill(row);
    multiplier[row] = (1 + moved[row]!) / inverse[row]!;
    weights.set(moved, row * n);
  }
  for (let row = 0; row < n; row++) {
    if (row % 64 === 0) await yieldToEventLoop(signal, 'fitting EASE');
    for (let column = 0; column < n; column++)
      weights[row * n + column]! -= matrix.at(row, column) * multiplier[column]!;
    weights[row * n + row] = 0;
  }
  return weights;
}
