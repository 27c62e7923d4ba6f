import {
  type Dataset,
  defineOptions,
  distinctHistory,
  type IdMap,
  type LongCallOptions,
  type OptionsOf,
  option,
  RandomStream,
  type SettingsOf,
  savedItems,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import { FittedRetriever, fittedOn } from '../fitted-retriever.js';
import { savedFloats } from '../saved-tensors.js';
import type { RowScorer } from '../score-rows.js';
import { loadRetriever, type RetrieverContents, type StoredRetriever } from '../stored-retriever.js';
import { pairwiseOptions } from './pairwise-options.js';
import { PairwiseSampler } from './pairwise-sampler.js';

const OPTIONS = {
  factors: option.integer({ min: 1, max: 8192 })({ default: 64, doc: 'width of the factors' }),
  ...pairwiseOptions(30),
  regularisation: option.number({ min: 0 })({ default: 0.01, doc: 'weight of the L2 penalty' }),
} as const;

/** Options of {@link BprMf.fit}. */
export const BPR_MF = defineOptions('BprMf.fit', OPTIONS);

/** Options of {@link BprMf.fit}; {@link BPR_MF} says what each does. */
export type BprMfOptions = OptionsOf<typeof BPR_MF.declarations> & LongCallOptions;

/** Settings that are saved: fold-in draws samples by the seed of the fit. */
const SAVED = defineOptions('BprMf', {
  ...OPTIONS,
  seed: option.integer().required({ doc: 'seed of the fit' }),
});

type Config = SettingsOf<typeof SAVED.declarations>;

/** Numbers that were learned, row-major. */
interface Weights {
  readonly userFactors: Float32Array;
  readonly itemFactors: Float32Array;
  readonly itemBiases: Float32Array;
}

/** Steps of the fold-in for each item of a history. */
const FOLD_IN_PASSES = 30;

const USERS = 'users.json';

/**
 * Matrix factorisation with Bayesian personalised ranking (Rendle et al. 2009): stochastic gradient ascent on
 * `ln sigma(x_ui - x_uj)` for an item `i` that the user has and a random one `j` that the user does not have, with
 * item biases and an L2 penalty.
 *
 * A user of the training data is served with the trained vector, whatever the history in the query; anybody else
 * is folded in: the same gradient steps on the user's vector alone, against fixed items, seeded by the fit.
 */
export class BprMf extends FittedRetriever<Config> {
  readonly name = 'BPR-MF';
  readonly #users: IdMap;
  readonly #userFactors: Float32Array;
  readonly #itemFactors: Float32Array;
  readonly #itemBiases: Float32Array;

  private constructor(fitted: StoredRetriever<Config>, users: IdMap, weights: Weights) {
    super(fitted);
    this.#users = users;
    this.#userFactors = weights.userFactors;
    this.#itemFactors = weights.itemFactors;
    this.#itemBiases = weights.itemBiases;
  }

  /** Trains user and item factors. */
  static async fit(dataset: Dataset, options: BprMfOptions = {}): Promise<BprMf> {
    const seed = options.seed ?? 0;
    const config: Config = { ...BPR_MF.settings(options), seed };
    throwIfCancelled(options.signal, 'fitting BPR-MF');
    const { log } = dataset;
    const { factors: width, learningRate, regularisation } = config;
    const users = log.users.size;
    const n = log.items.size;
    const random = new RandomStream(seed).fork('bpr-mf');
    const draw = (): number => random.normal() * 0.1;
    const userFactors = Float32Array.from({ length: users * width }, draw);
    const itemFactors = Float32Array.from({ length: n * width }, draw);
    const itemBiases = new Float32Array(n);
    const samples = new PairwiseSampler(log, random);
    for (let epoch = 1; epoch <= config.epochs; epoch++) {
      for (let step = 0; step < samples.size; step++) {
        if (!samples.next()) continue;
        const { user, positive, negative } = samples;
        const u = user * width;
        const i = positive * width;
        const j = negative * width;
        let margin = itemBiases[positive]! - itemBiases[negative]!;
        for (let f = 0; f < width; f++)
          margin += userFactors[u + f]! * (itemFactors[i + f]! - itemFactors[j + f]!);
        const slope = 1 / (1 + Math.exp(margin));
        itemBiases[positive]! += learningRate * (slope - regularisation * itemBiases[positive]!);
        itemBiases[negative]! += learningRate * (-slope - regularisation * itemBiases[negative]!);
        for (let f = 0; f < width; f++) {
          const own = userFactors[u + f]!;
          const liked = itemFactors[i + f]!;
          const other = itemFactors[j + f]!;
          userFactors[u + f] = own + learningRate * (slope * (liked - other) - regularisation * own);
          itemFactors[i + f] = liked + learningRate * (slope * own - regularisation * liked);
          itemFactors[j + f] = other + learningRate * (-slope * own - regularisation * other);
        }
        if (step % 65536 === 65535) await yieldToEventLoop(options.signal, 'fitting BPR-MF');
      }
      options.onProgress?.({ phase: 'fit BPR-MF', done: epoch, total: config.epochs });
      await yieldToEventLoop(options.signal, 'fitting BPR-MF');
    }
    return new BprMf(fittedOn(log, config), log.users, { userFactors, itemFactors, itemBiases });
  }

  /** Gradient steps on a new user's vector alone; the samples depend only on the seed and the history. */
  #foldIn(history: readonly number[]): Float32Array {
    const { factors: width, learningRate, regularisation, seed } = this.config;
    const n = this.items.size;
    const vector = new Float32Array(width);
    const owned = new Set(history);
    if (history.length === 0 || owned.size === n) return vector;
    const random = new RandomStream(seed).fork(`fold in ${history.join(' ')}`);
    for (let step = 0; step < history.length * FOLD_IN_PASSES; step++) {
      const positive = history[step % history.length]!;
      let negative = random.integer(n);
      while (owned.has(negative)) negative = random.integer(n);
      let margin = this.#itemBiases[positive]! - this.#itemBiases[negative]!;
      for (let f = 0; f < width; f++)
        margin +=
          vector[f]! * (this.#itemFactors[positive * width + f]! - this.#itemFactors[negative * width + f]!);
      const slope = 1 / (1 + Math.exp(margin));
      for (let f = 0; f < width; f++)
        vector[f]! +=
          learningRate *
          (slope * (this.#itemFactors[positive * width + f]! - this.#itemFactors[negative * width + f]!) -
            regularisation * vector[f]!);
    }
    return vector;
  }

  protected rowScorer(): RowScorer {
    const width = this.config.factors;
    return (query, row) => {
      const known = query.user === undefined ? undefined : this.#users.find(query.user);
      const history = distinctHistory(query, this.items.size);
      // Left with the biases alone, it would know no more than how popular items are: that is counted.
      if (known === undefined && history.length === 0) return;
      const vector =
        known === undefined
          ? this.#foldIn(history)
          : this.#userFactors.subarray(known * width, (known + 1) * width);
      for (let item = 0; item < row.length; item++) {
        let sum = this.#itemBiases[item]!;
        for (let f = 0; f < width; f++) sum += vector[f]! * this.#itemFactors[item * width + f]!;
        row[item] = sum;
      }
    };
  }

  protected contents(): RetrieverContents {
    const width = this.config.factors;
    return {
      kind: 'bpr-mf',
      config: SAVED.saved(this.config),
      tensors: {
        userFactors: { shape: [this.#users.size, width], values: this.#userFactors },
        itemFactors: { shape: [this.items.size, width], values: this.#itemFactors },
        itemBiases: { shape: [this.items.size], values: this.#itemBiases },
      },
      files: { [USERS]: JSON.stringify([...this.#users]) },
    };
  }

  static async load(dir: string): Promise<BprMf> {
    const { fitted, artifact } = await loadRetriever(dir, 'bpr-mf', SAVED);
    const users = savedItems(dir, artifact, USERS, 'user');
    const { items, config } = fitted;
    return new BprMf(fitted, users, {
      userFactors: savedFloats(dir, artifact.tensors, 'userFactors', [users.size, config.factors]),
      itemFactors: savedFloats(dir, artifact.tensors, 'itemFactors', [items.size, config.factors]),
      itemBiases: savedFloats(dir, artifact.tensors, 'itemBiases', [items.size]),
    });
  }
}
