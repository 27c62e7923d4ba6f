import {
  type CatalogueScorer,
  type Dataset,
  type Disposable,
  defineOptions,
  Favourites,
  fingerprint,
  type IdMap,
  InvalidInputError,
  type LongCallOptions,
  listsFromScores,
  type OptionsOf,
  option,
  type Query,
  RandomStream,
  type RetrieveOptions,
  type Saveable,
  type ScoredItem,
  type SettingsOf,
  throwIfCancelled,
} from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  batchByLength,
  bucketLengths,
  catalogueCrossEntropy,
  type EpochReport,
  type ForwardPass,
  selectBackend,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type HistoryScoring, scoreQueries } from './encode-histories.js';
import { exportScoring } from './export-scoring.js';
import { epochsThatMatter, fitEncoder } from './fit-encoder.js';
import { checkValidation, SEQUENTIAL } from './options.js';
import { SequenceEncoder } from './sequence-encoder.js';
import { loadEncoder, saveEncoder } from './stored-encoder.js';

/** Options of {@link Bert4Rec.fit}. */
export const BERT4REC = defineOptions('Bert4Rec.fit', {
  ...SEQUENTIAL,
  maskShare: option.number({ min: 0.01, max: 0.9 })({
    default: 0.2,
    doc: 'share of the items that are hidden, at least one a sequence',
  }),
  lastOnly: option.number({ min: 0, max: 1 })({
    default: 0.1,
    doc: 'chance that only the last item is hidden, as it is when serving',
  }),
});

/** Options of {@link Bert4Rec.fit}; {@link BERT4REC} says what each does. */
export type Bert4RecOptions = OptionsOf<typeof BERT4REC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof BERT4REC.declarations>;

/**
 * BERT4Rec (Sun et al. 2019): a transformer that sees the whole sequence and guesses hidden items; to recommend, a
 * hidden one is put behind the history. Full cross-entropy over the catalogue at the hidden positions.
 */
export class Bert4Rec implements CatalogueScorer, Saveable, Disposable {
  readonly name = 'BERT4Rec';
  readonly items: IdMap;
  readonly favourites: Favourites;
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  readonly #encoder: SequenceEncoder;
  readonly #config: Config;
  readonly #dataFingerprint: string;
  readonly #scoring: HistoryScoring;

  private constructor(
    items: IdMap,
    encoder: SequenceEncoder,
    config: Config,
    history: readonly EpochReport[],
    favourites: Favourites,
    dataFingerprint: string,
  ) {
    this.favourites = favourites;
    this.items = items;
    this.history = history;
    this.#encoder = encoder;
    this.#config = config;
    this.#dataFingerprint = dataFingerprint;
    this.#scoring = scoringOf(encoder, items, config, favourites);
  }

  /**
   * Trains on the histories of the data set.
   *
   * @throws InvalidInputError for unknown options, or if there is no history
   */
  static async fit(dataset: Dataset, options: Bert4RecOptions = {}): Promise<Bert4Rec> {
    const { log } = dataset;
    const config = BERT4REC.settings(options);
    checkValidation(config, log);
    const favourites = Favourites.of(log);
    throwIfCancelled(options.signal, 'fitting BERT4Rec');
    await selectBackend();
    const encoder = new SequenceEncoder(
      { ...config, activation: 'gelu' },
      log.items.size + 1,
      new RandomStream(options.seed ?? 0).fork('bert4rec'),
    );
    const history = await fitEncoder(log, config, options, encoder, () => {
      const task = new MaskedItemTask(dataset, encoder, config);
      return {
        scoring: scoringOf(encoder, log.items, config, favourites),
        batches: (_, random) => task.batches(random),
        loss: (batch, pass) => task.loss(batch, pass),
        identity: BERT4REC.identity(config, log, options.seed ?? 0, epochsThatMatter(config)),
      };
    });
    return new Bert4Rec(log.items, encoder, config, history, favourites, fingerprint(log));
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    return scoreQueries(queries, this.#scoring, options.signal);
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  /**
   * The serving graph as a standard `.onnx` file: input `items`, int32 `[batch, positions]`, histories with the newest item
   * at the right end and -1 where there is none; output `scores`, one an item of the catalogue.
   */
  async exportOnnx(): Promise<Uint8Array> {
    await selectBackend();
    return exportScoring(this.#scoring);
  }

  async save(dir: string): Promise<void> {
    await saveEncoder(dir, 'bert4rec', {
      items: this.items,
      encoder: this.#encoder,
      config: BERT4REC.saved(this.#config),
      favourites: this.favourites,
      dataFingerprint: this.#dataFingerprint,
    });
  }

  static async load(dir: string): Promise<Bert4Rec> {
    const { items, encoder, config, favourites, dataFingerprint } = await loadEncoder(
      dir,
      'bert4rec',
      1,
      (from, saved) => BERT4REC.restored(from, saved),
    );
    return new Bert4Rec(items, encoder, config, [], favourites, dataFingerprint);
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#encoder.parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const scoringOf = (
  encoder: SequenceEncoder,
  items: IdMap,
  config: Config,
  favourites: Favourites,
): HistoryScoring => ({
  encoder,
  itemCount: items.size,
  maxLength: config.maxLength,
  causal: false,
  endToken: items.size,
  favourites,
  name: 'BERT4Rec',
});

/** Batches and loss of guessing hidden items. */
class MaskedItemTask {
  readonly #dataset: Dataset;
  readonly #encoder: SequenceEncoder;
  readonly #config: Config;
  readonly #buckets: readonly number[];
  readonly #lengths: Int32Array;

  constructor(dataset: Dataset, encoder: SequenceEncoder, config: Config) {
    this.#dataset = dataset;
    this.#encoder = encoder;
    this.#config = config;
    this.#buckets = bucketLengths(config.maxLength);
    const { log } = dataset;
    this.#lengths = Int32Array.from({ length: log.users.size }, (_, user) =>
      Math.min(config.maxLength, log.history(user).length),
    );
    if (this.#lengths.every((length) => length < 2))
      throw new InvalidInputError({
        expected: 'users with at least two interactions',
        received: 'none',
        hint: 'Use data with histories.',
      });
  }

  batches(random: RandomStream): (() => Batch)[] {
    return batchByLength(this.#lengths, this.#config.batchSize, this.#buckets, random.fork('order')).map(
      ({ length, rows }, index) =>
        () =>
          this.#batch(rows, length, random.fork(`mask ${index}`)),
    );
  }

  #batch(users: Int32Array, length: number, random: RandomStream): Batch {
    const { batchSize, maskShare, lastOnly } = this.#config;
    const { log } = this.#dataset;
    const mask = log.items.size;
    // As many masked positions as the longest row of the bucket may hide: the shape is the same in every batch.
    const perRow = Math.max(1, Math.round(length * maskShare));
    const ids = new Int32Array(batchSize * length);
    const present = new Float32Array(batchSize * length);
    const positions = new Int32Array(batchSize * perRow);
    const targets = new Int32Array(batchSize * perRow);
    const weights = new Float32Array(batchSize * perRow);
    for (const [k, user] of users.entries()) {
      const history = log.history(user);
      const taken = this.#lengths[user]!;
      const start = (k + 1) * length - taken;
      for (let i = 0; i < taken; i++) {
        ids[start + i] = history[history.length - taken + i]!;
        present[start + i] = 1;
      }
      const hidden =
        random.uniform() < lastOnly
          ? Int32Array.of(taken - 1)
          : random.sample(taken, Math.max(1, Math.min(perRow, Math.round(taken * maskShare))));
      for (const [masked, i] of hidden.entries()) {
        const at = k * perRow + masked;
        positions[at] = start + i;
        targets[at] = ids[start + i]!;
        weights[at] = 1;
      }
      for (const i of hidden) ids[start + i] = mask;
    }
    return {
      ids: { shape: [batchSize, length], values: ids },
      present: { shape: [batchSize, length], values: present },
      positions: { shape: [batchSize * perRow], values: positions },
      targets: { shape: [batchSize * perRow], values: targets },
      weights: { shape: [batchSize * perRow], values: weights },
    };
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { dimension } = this.#config;
    const { ids, present, positions, targets, weights } = batch as Record<
      'ids' | 'present' | 'positions' | 'targets' | 'weights',
      tf.Tensor
    >;
    const hidden = tf.reshape(this.#encoder.encode(ids, present, pass, false), [-1, dimension]);
    const rows = tf.gather(hidden, positions as tf.Tensor1D) as tf.Tensor2D;
    const catalogue = tf.slice(
      this.#encoder.items.table as tf.Tensor2D,
      [0, 0],
      [this.#dataset.log.items.size, dimension],
    );
    return catalogueCrossEntropy(rows, catalogue, targets as tf.Tensor1D, weights as tf.Tensor1D);
  }
}
