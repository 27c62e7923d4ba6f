import {
  type CatalogueScorer,
  type Dataset,
  type Disposable,
  defineOptions,
  EmbeddingTable,
  Favourites,
  fingerprint,
  type IdMap,
  InvalidInputError,
  type LongCallOptions,
  listsFromScores,
  madeFrom,
  type OptionsOf,
  option,
  type Query,
  RandomStream,
  type RetrieveOptions,
  type Saveable,
  type ScoredItem,
  type SettingsOf,
  type TensorData,
  throwIfCancelled,
  UNKNOWN,
} from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  batchByLength,
  binaryCrossEntropy,
  bucketLengths,
  catalogueCrossEntropy,
  crossEntropyAmong,
  type EpochReport,
  type ForwardPass,
  generalisedBce,
  sampledSoftmax,
  selectBackend,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type HistoryScoring, scoreQueries } from './encode-histories.js';
import { exportScoring } from './export-scoring.js';
import { epochsThatMatter, fitEncoder } from './fit-encoder.js';
import { checkValidation, SEQUENTIAL } from './options.js';
import { SequenceEncoder } from './sequence-encoder.js';
import { loadEncoder, saveEncoder } from './stored-encoder.js';

/** How SASRec learns what comes next. */
export type SasRecLoss = 'cross-entropy' | 'bce' | 'gbce' | 'sampled-softmax';

const LOSSES: readonly SasRecLoss[] = ['cross-entropy', 'bce', 'gbce', 'sampled-softmax'];

/** Options of {@link SasRec.fit}. */
export const SASREC = defineOptions('SasRec.fit', {
  ...SEQUENTIAL,
  loss: option.choice(LOSSES)({
    default: 'cross-entropy',
    doc: "`'cross-entropy'` ranks the next item against the whole catalogue; `'bce'` is the original paper's, against one random item; `'gbce'` calibrates BCE for sampling (Petrov and Macdonald 2023); `'sampled-softmax'` ranks against random items",
  }),
  negatives: option.integer({ min: 1, max: 65_536 })({
    default: ({ loss }) => (loss === 'bce' ? 1 : 128),
    defaultText: "1 for `'bce'`, 128 for the others",
    doc: 'random items a position, for the sampled losses',
  }),
  calibration: option.number({ min: 0, max: 1 })({
    default: 0.75,
    doc: 'calibration of gBCE, from 0 (BCE) to 1',
  }),
  windows: option.choice(['newest', 'random'])({
    default: 'newest',
    doc: "what a pass reads of a history longer than `maxLength`: its `'newest'` items, or a stretch at a `'random'` position, another in each pass, so that old items teach too",
  }),
  competitors: option.choice(['all', 'unseen'])({
    default: 'all',
    doc: "what the next item is ranked against by `'cross-entropy'`: `'all'` items, or those `'unseen'` by the user, since lists leave the others out",
  }),
});

/** Options of {@link SasRec.fit}; {@link SASREC} says what each does. */
export type SasRecOptions = OptionsOf<typeof SASREC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof SASREC.declarations>;

/**
 * SASRec (Kang and McAuley 2018): a causal transformer over a user's items that predicts, at every position, the next
 * one; scores are inner products with the item vectors.
 *
 * With full cross-entropy it is the strong baseline of later studies; with `'bce'` the original.
 */
export class SasRec implements CatalogueScorer, Saveable, Disposable {
  readonly name: string;
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
    this.name = config.loss === 'cross-entropy' ? 'SASRec' : `SASRec (${config.loss})`;
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
   * @throws InvalidInputError for unknown options or losses, or if no user has two interactions
   */
  static async fit(dataset: Dataset, options: SasRecOptions = {}): Promise<SasRec> {
    const { log } = dataset;
    const config = SASREC.settings(options);
    checkValidation(config, log);
    if (config.competitors === 'unseen' && config.loss !== 'cross-entropy')
      throw new InvalidInputError({
        expected: "competitors to be 'all' or, with the loss 'cross-entropy', 'unseen'",
        received: `"unseen" with ${config.loss}`,
        hint: "Leave competitors out: sampled losses never draw an item of the user. Or use the loss 'cross-entropy'.",
      });
    const favourites = Favourites.of(log);
    throwIfCancelled(options.signal, 'fitting SASRec');
    await selectBackend();
    const random = new RandomStream(options.seed ?? 0).fork('sasrec');
    const encoder = new SequenceEncoder({ ...config, activation: 'gelu' }, log.items.size, random);
    const history = await fitEncoder(log, config, options, encoder, () => {
      const task = new NextItemTask(dataset, encoder, config);
      return {
        scoring: scoringOf(encoder, log.items, config, favourites),
        batches: (_, stream) => task.batches(stream),
        loss: (batch, pass) => task.loss(batch, pass),
        identity: SASREC.identity(config, log, options.seed ?? 0, epochsThatMatter(config)),
      };
    });
    return new SasRec(log.items, encoder, config, history, favourites, fingerprint(log));
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    return scoreQueries(queries, this.#scoring, options.signal);
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  /**
   * The learned vectors of the items: what is used by the same people at the same positions lies together. They know the
   * log of the training, and say so.
   */
  async itemVectors(): Promise<EmbeddingTable> {
    const { shape, values } = (await this.#encoder.parameters.values())['items.table'] as TensorData;
    return new EmbeddingTable(
      this.items,
      shape[1] as number,
      values as Float32Array,
      this.#dataFingerprint === '' ? UNKNOWN : madeFrom({ log: this.#dataFingerprint }),
    );
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
    await saveEncoder(dir, 'sasrec', {
      items: this.items,
      encoder: this.#encoder,
      config: SASREC.saved(this.#config),
      favourites: this.favourites,
      dataFingerprint: this.#dataFingerprint,
    });
  }

  static async load(dir: string): Promise<SasRec> {
    const { items, encoder, config, favourites, dataFingerprint } = await loadEncoder(
      dir,
      'sasrec',
      0,
      (from, saved) => SASREC.restored(from, saved),
    );
    return new SasRec(items, encoder, config, [], favourites, dataFingerprint);
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
  causal: true,
  favourites,
  name: 'SASRec',
});

/** Batches and loss of predicting the next item at every position. */
class NextItemTask {
  readonly #dataset: Dataset;
  readonly #encoder: SequenceEncoder;
  readonly #config: Config;
  readonly #buckets: readonly number[];
  /** Input length of each user: all but the last item, at most the longest that is read. */
  readonly #lengths: Int32Array;
  /** Positions of a mean batch: batches of long histories weigh more than those of short ones, position by position alike. */
  readonly #meanPositions: number;

  constructor(dataset: Dataset, encoder: SequenceEncoder, config: Config) {
    this.#dataset = dataset;
    this.#encoder = encoder;
    this.#config = config;
    this.#buckets = bucketLengths(config.maxLength);
    const { log } = dataset;
    this.#lengths = Int32Array.from({ length: log.users.size }, (_, user) =>
      Math.max(0, Math.min(config.maxLength, log.history(user).length - 1)),
    );
    if (this.#lengths.every((length) => length === 0))
      throw new InvalidInputError({
        expected: 'users with at least two interactions',
        received: 'none',
        hint: 'Use data with histories.',
      });
    const batches = batchByLength(this.#lengths, config.batchSize, this.#buckets).length;
    this.#meanPositions = this.#lengths.reduce((sum, length) => sum + length, 0) / batches;
  }

  batches(random: RandomStream): (() => Batch)[] {
    const { batchSize } = this.#config;
    return batchByLength(this.#lengths, batchSize, this.#buckets, random.fork('order')).map(
      ({ length, rows }, index) =>
        () =>
          this.#batch(
            rows,
            length,
            random.fork(`negatives ${index}`),
            this.#config.windows === 'random' ? random.fork(`windows ${index}`) : undefined,
          ),
    );
  }

  /** @param windows - draws where the stretch of a long history lies; the newest stretch if left out */
  #batch(users: Int32Array, length: number, random: RandomStream, windows?: RandomStream): Batch {
    const { batchSize, loss, negatives, competitors } = this.#config;
    const { log } = this.#dataset;
    const ids = new Int32Array(batchSize * length);
    const present = new Float32Array(batchSize * length);
    const targets = new Int32Array(batchSize * length);
    const sampled = loss === 'cross-entropy' ? undefined : new Int32Array(batchSize * length * negatives);
    const n = log.items.size;
    const excluded = competitors === 'unseen' ? new Float32Array(batchSize * n) : undefined;
    for (const [k, user] of users.entries()) {
      const history = log.history(user);
      const taken = this.#lengths[user]!;
      const newest = history.length - 1 - taken;
      const from = windows && newest > 0 ? windows.integer(newest + 1) : newest;
      const start = (k + 1) * length - taken;
      const own = sampled ? new Set(history) : undefined;
      if (excluded) for (const item of history) excluded[k * n + item] = 1;
      for (let i = 0; i < taken; i++) {
        ids[start + i] = history[from + i]!;
        targets[start + i] = history[from + i + 1]!;
        present[start + i] = 1;
        if (!sampled || !own || own.size >= n) continue;
        for (let s = 0; s < negatives; s++) {
          let item = random.integer(n);
          while (own.has(item)) item = random.integer(n);
          sampled[(start + i) * negatives + s] = item;
        }
      }
    }
    const shape = [batchSize, length];
    return {
      ids: { shape, values: ids },
      present: { shape, values: present },
      targets: { shape: [batchSize * length], values: targets },
      ...(excluded ? { excluded: { shape: [batchSize, n], values: excluded } } : {}),
      ...(sampled ? { negatives: { shape: [batchSize * length, negatives], values: sampled } } : {}),
    };
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { loss, dimension, calibration, competitors } = this.#config;
    const { ids, present, targets, negatives, excluded } = batch as Record<
      'ids' | 'present' | 'targets' | 'negatives' | 'excluded',
      tf.Tensor
    >;
    const hidden = this.#encoder.encode(ids, present, pass, true);
    const rows = tf.reshape(hidden, [-1, dimension]) as tf.Tensor2D;
    const weights = tf.reshape(present, [-1]) as tf.Tensor1D;
    const table = this.#encoder.items.table as tf.Tensor as tf.Tensor2D;
    const next = targets as tf.Tensor1D;
    if (competitors === 'unseen')
      return crossEntropyAmong(rows, table, next, weights, excluded as tf.Tensor2D, this.#meanPositions);
    if (loss === 'cross-entropy')
      return catalogueCrossEntropy(rows, table, next, weights, this.#meanPositions);
    const positive = tf.sum(tf.mul(rows, tf.gather(table, next)), 1) as tf.Tensor1D;
    const others = tf.gather(table as tf.Tensor, negatives) as tf.Tensor3D;
    const negative = tf.squeeze(
      tf.matMul(others, tf.reshape(rows, [-1, dimension, 1]) as tf.Tensor3D),
      [2],
    ) as tf.Tensor2D;
    switch (loss) {
      case 'bce': {
        const liked = binaryCrossEntropy(positive, tf.onesLike(positive), weights);
        const everywhere = tf.mul(tf.expandDims(weights, 1), tf.onesLike(negative));
        return tf.add(liked, binaryCrossEntropy(negative, tf.zerosLike(negative), everywhere)) as tf.Scalar;
      }
      case 'gbce':
        return generalisedBce(positive, negative, weights, this.#dataset.log.items.size, calibration);
      case 'sampled-softmax':
        return sampledSoftmax(positive, negative, weights);
    }
  }
}
