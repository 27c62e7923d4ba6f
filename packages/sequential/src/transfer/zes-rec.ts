import {
  defineOptions,
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
import { nextItemTask } from './task-of.js';
import { TRANSFER } from './transfer-options.js';
import { type Transferable, transferable } from './transferable.js';
import type { TransferableModel } from './transferable-model.js';

/** Options of {@link ZesRec.fit}. */
export const ZESREC = defineOptions('ZesRec.fit', {
  ...TRANSFER,
  offsetPrior: option.number({ min: 0 })({
    default: 0.1,
    doc: 'weight of the mean squared norm of the items’ offsets from their text vectors',
  }),
});

/** Options of {@link ZesRec.fit}; {@link ZESREC} says what each does. */
export type ZesRecOptions = OptionsOf<typeof ZESREC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof ZESREC.declarations>;

/**
 * ZESRec (Ding et al. 2021): an item is what its text says, through a linear map, plus an offset of its own with a Gaussian
 * prior. `transfer` leaves the offsets behind, so that items that nobody has used are scored by their texts.
 */
export const ZesRec: Transferable<Config, ZesRecOptions> = transferable<Config, ZesRecOptions>({
  artifact: 'zesrec',
  name: 'ZESRec',
  declared: ZESREC,
  items:
    (texts, { dimension }) =>
    (parameters, random) =>
      new OffsetVectors(parameters, texts, dimension, random),
  ofItems: (name) => name.startsWith('map.') || name.startsWith('offsets.'),
  task: (dataset, encoder, config) =>
    new TaskWithOffsets(nextItemTask(dataset, encoder, config), encoder, config.offsetPrior),
});

/** A trained ZESRec. */
export type ZesRec = TransferableModel<Config>;

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
