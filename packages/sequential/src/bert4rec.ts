import {
  type Dataset,
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
  type RandomStream,
  type SettingsOf,
} from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  batchByLength,
  bucketLengths,
  catalogueCrossEntropy,
  type ForwardPass,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { SequenceKind } from './encode-histories.js';
import { type EncoderTask, fitEncoder } from './fit-encoder.js';
import { SEQUENTIAL } from './options.js';
import type { SequenceEncoder } from './sequence-encoder.js';
import { SequenceModel } from './sequence-model.js';
import { loadEncoder, type TrainedEncoder } from './stored-encoder.js';

/** Options of {@link Bert4Rec.fit}. */
export const BERT4REC = defineOptions('Bert4Rec.fit', {
  ...SEQUENTIAL,
  maskShare: option.number({ min: 0.01, max: 0.9 })({
    default: 0.2,
    doc: 'share of the items that are masked, at least one per sequence',
  }),
  lastOnly: option.number({ min: 0, max: 1 })({
    default: 0.1,
    doc: 'chance that only the last item is masked, as in serving',
  }),
});

/** Options of {@link Bert4Rec.fit}; {@link BERT4REC} says what each does. */
export type Bert4RecOptions = OptionsOf<typeof BERT4REC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof BERT4REC.declarations>;

const KIND: SequenceKind = { artifact: 'bert4rec', name: 'BERT4Rec', causal: false, hasEndToken: true };

/**
 * BERT4Rec (Sun et al. 2019): a transformer that sees the whole sequence and guesses hidden items; to recommend, a
 * hidden one is put behind the history. Full cross-entropy over the catalogue at the hidden positions.
 */
export class Bert4Rec extends SequenceModel {
  readonly name = 'BERT4Rec';

  private constructor(trained: TrainedEncoder<Config>) {
    super(KIND, trained, BERT4REC.saved(trained.config));
  }

  /**
   * Trains on the histories of the data set.
   *
   * @throws InvalidInputError for unknown options, or if there is no history
   */
  static async fit(dataset: Dataset, options: Bert4RecOptions = {}): Promise<Bert4Rec> {
    const config = BERT4REC.settings(options);
    return new Bert4Rec(
      await fitEncoder(
        KIND,
        dataset,
        BERT4REC,
        config,
        options,
        (encoder) => new MaskedItemTask(dataset, encoder, config),
      ),
    );
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<Bert4Rec> {
    return new Bert4Rec(await loadEncoder(dir, KIND, BERT4REC));
  }
}

/** Batches and loss of guessing hidden items. */
class MaskedItemTask implements EncoderTask {
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
    const table = this.#encoder.items.of(pass);
    const hidden = tf.reshape(this.#encoder.encode(ids, present, pass, false, { table }), [-1, dimension]);
    const rows = tf.gather(hidden, positions as tf.Tensor1D) as tf.Tensor2D;
    const catalogue = tf.slice(table, [0, 0], [this.#dataset.log.items.size, dimension]);
    return catalogueCrossEntropy(rows, catalogue, targets as tf.Tensor1D, weights as tf.Tensor1D);
  }
}
