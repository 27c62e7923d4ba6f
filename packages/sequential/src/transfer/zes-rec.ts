import {
  type Dataset,
  defineOptions,
  type EmbeddingTable,
  type LongCallOptions,
  type OptionsOf,
  option,
  type RandomStream,
  type SettingsOf,
} from '@palate/core';
import type { Batch, BatchTensors, ForwardPass } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderTask } from '../fit-encoder.js';
import { OffsetVectors } from '../items/text-vectors.js';
import type { SequenceEncoder } from '../sequence-encoder.js';
import { carried, fitTransferable, loadTransferable } from './fit-transferable.js';
import { nextItemTask } from './task-of.js';
import { TRANSFER } from './transfer-options.js';
import { TransferableModel, type TransferKind, type TransferParts } from './transferable-model.js';

/** Options of {@link ZesRec.fit}. */
export const ZESREC = defineOptions('ZesRec.fit', {
  ...TRANSFER,
  offsetPrior: option.number({ min: 0 })({
    default: 0.1,
    doc: 'weight of the mean squared norm of the offsets of items from what their texts say',
  }),
});

/** Options of {@link ZesRec.fit}; {@link ZESREC} says what each does. */
export type ZesRecOptions = OptionsOf<typeof ZESREC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof ZESREC.declarations>;

const KIND: TransferKind<Config> = {
  artifact: 'zesrec',
  name: 'ZESRec',
  causal: true,
  hasEndToken: false,
  declared: ZESREC,
  items:
    (texts, { dimension }) =>
    (parameters, random) =>
      new OffsetVectors(parameters, texts, dimension, random),
  ofItems: (name) => name.startsWith('map.') || name.startsWith('offsets.'),
};

/**
 * ZESRec (Ding et al. 2021): an item is what its text says, through a linear map, plus an offset of its own with a Gaussian
 * prior. `transfer` leaves the offsets behind, so that items that nobody has used are scored by their texts.
 */
export class ZesRec extends TransferableModel<Config> {
  private constructor(parts: TransferParts<Config>) {
    super(KIND, parts);
  }

  /**
   * Trains on the histories of the data set.
   *
   * @throws InvalidInputError for unknown options, items without a vector, or a model that it cannot go on from
   * @throws LeakError for a validation that the vectors know
   */
  static async fit(dataset: Dataset, options: ZesRecOptions): Promise<ZesRec> {
    const config = ZESREC.settings(options);
    return new ZesRec(
      await fitTransferable(
        KIND,
        dataset,
        config,
        options,
        (encoder) => new TaskWithOffsets(nextItemTask(dataset, encoder, config), encoder, config.offsetPrior),
      ),
    );
  }

  override async transfer(dataset: Dataset, vectors: EmbeddingTable): Promise<ZesRec> {
    return new ZesRec(await carried(KIND, this, this.config, dataset, vectors));
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<ZesRec> {
    return new ZesRec(await loadTransferable(KIND, dir));
  }
}

/** A task with the prior on the offsets of its items. */
class TaskWithOffsets implements EncoderTask {
  readonly #task: EncoderTask;
  readonly #encoder: SequenceEncoder;
  readonly #weight: number;

  constructor(task: EncoderTask, encoder: SequenceEncoder, weight: number) {
    this.#task = task;
    this.#encoder = encoder;
    this.#weight = weight;
  }

  batches(random: RandomStream): readonly (() => Batch)[] {
    return this.#task.batches(random);
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const loss = this.#task.loss(batch, pass);
    const { items } = this.#encoder;
    return items instanceof OffsetVectors
      ? (tf.add(loss, tf.mul(items.spread(), this.#weight)) as tf.Scalar)
      : loss;
  }
}
