import {
  type Dataset,
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
  RandomStream,
  type SettingsOf,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import { FittedRetriever, fittedOn } from '../fitted-retriever.js';
import { savedFloats } from '../saved-tensors.js';
import { type RowScorer, sumOfHistoryRows } from '../score-rows.js';
import { loadRetriever, type RetrieverContents, type StoredRetriever } from '../stored-retriever.js';
import { pairwiseOptions } from './pairwise-options.js';
import { PairwiseSampler } from './pairwise-sampler.js';

/** Options of {@link BprSlim.fit}. */
export const BPR_SLIM = defineOptions('BprSlim.fit', {
  ...pairwiseOptions(15),
  regularisation: option.number({ min: 0 })({
    default: 0.0025,
    doc: 'weight of the L2 penalty on the weights of an item that a user has',
  }),
  otherRegularisation: option.number({ min: 0 })({
    default: 0.00025,
    doc: 'weight of the L2 penalty on those of the negative item',
  }),
});

/** Options of {@link BprSlim.fit}; {@link BPR_SLIM} says what each does. */
export type BprSlimOptions = OptionsOf<typeof BPR_SLIM.declarations> & LongCallOptions;

type Config = SettingsOf<typeof BPR_SLIM.declarations>;

/**
 * Sparse linear method (SLIM, Ning and Karypis 2011) learned by Bayesian personalised ranking (Rendle et al. 2009): a
 * history's scores are the sums of its items' weights, `x_ui = sum over k in the history, k != i, of w_ki`, and gradient
 * ascent on `ln sigma(x_ui - x_uj)` learns them for an item `i` that the user has and a random `j` that the user does
 * not have. Anybody is served from their history alone.
 *
 * Fitting costs twice the length of a user's history a sample; it holds `4 * items^2` bytes.
 */
export class BprSlim extends FittedRetriever<Config> {
  readonly name = 'BPR-SLIM';
  /** Row-major, items x items: row `k` has what item `k` of a history adds to each item. */
  readonly #weights: Float32Array;

  private constructor(fitted: StoredRetriever<Config>, weights: Float32Array) {
    super(fitted);
    this.#weights = weights;
  }

  /**
   * Learns the weights.
   *
   * @throws InvalidInputError for unknown options
   */
  static async fit(dataset: Dataset, options: BprSlimOptions = {}): Promise<BprSlim> {
    const config = BPR_SLIM.settings(options);
    const { learningRate, regularisation, otherRegularisation } = config;
    throwIfCancelled(options.signal, 'fitting BPR-SLIM');
    const { log } = dataset;
    const n = log.items.size;
    const weights = new Float32Array(n * n);
    const samples = new PairwiseSampler(log, new RandomStream(options.seed ?? 0).fork('bpr-slim'));
    const { offsets, columns } = samples;
    for (let epoch = 1; epoch <= config.epochs; epoch++) {
      for (let step = 0; step < samples.size; step++) {
        if (step % 16384 === 16383) await yieldToEventLoop(options.signal, 'fitting BPR-SLIM');
        if (!samples.next()) continue;
        const { user, positive, negative } = samples;
        const [from, to] = [offsets[user]!, offsets[user + 1]!];
        let margin = 0;
        for (let p = from; p < to; p++) {
          const row = columns[p]! * n;
          if (columns[p] !== positive) margin += weights[row + positive]!;
          margin -= weights[row + negative]!;
        }
        const slope = 1 / (1 + Math.exp(margin));
        for (let p = from; p < to; p++) {
          const row = columns[p]! * n;
          if (columns[p] !== positive) {
            const liked = row + positive;
            weights[liked]! += learningRate * (slope - regularisation * weights[liked]!);
          }
          const other = row + negative;
          weights[other]! += learningRate * (-slope - otherRegularisation * weights[other]!);
        }
      }
      options.onProgress?.({ phase: 'fit BPR-SLIM', done: epoch, total: config.epochs });
      await yieldToEventLoop(options.signal, 'fitting BPR-SLIM');
    }
    return new BprSlim(fittedOn(log, config), weights);
  }

  protected rowScorer(): RowScorer {
    return sumOfHistoryRows(this.#weights, this.items.size);
  }

  protected contents(): RetrieverContents {
    const n = this.items.size;
    return {
      kind: 'bpr-slim',
      config: BPR_SLIM.saved(this.config),
      tensors: { weights: { shape: [n, n], values: this.#weights } },
    };
  }

  static async load(dir: string): Promise<BprSlim> {
    const { fitted, artifact } = await loadRetriever(dir, 'bpr-slim', BPR_SLIM);
    const { size } = fitted.items;
    return new BprSlim(fitted, savedFloats(dir, artifact.tensors, 'weights', [size, size]));
  }
}
