import {
  type Dataset,
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
import { ParallelCodes } from '../items/parallel-codes.js';
import { type NextItemSettings, NextItemTask } from '../next-item-task.js';
import type { SequenceEncoder } from '../sequence-encoder.js';
import { ofCodes } from './of-codes.js';
import { NEXT_ITEM } from './task-of.js';
import { CODES, TRANSFER } from './transfer-options.js';
import { type Transferable, transferable } from './transferable.js';
import type { TransferableModel } from './transferable-model.js';

/** Options of {@link Rpg.fit}. */
export const RPG = defineOptions('Rpg.fit', {
  ...TRANSFER,
  temperature: option.number({ min: 1e-3 })({
    default: 0.07,
    doc: "divides the cosine of a code's head and each of its values before the softmax",
  }),
  ...CODES,
});

/** Options of {@link Rpg.fit}; {@link RPG} says what each does. */
export type RpgOptions = OptionsOf<typeof RPG.declarations> & LongCallOptions;

type Config = SettingsOf<typeof RPG.declarations>;

/**
 * RPG (Hou et al. 2025): parallel semantic IDs. The vector of a text becomes many codes in no order, by optimised product
 * quantisation; a head each predicts all of them at once from the state after a history, and an item's score is the sum of
 * its codes' log-probabilities. The whole catalogue is scored, a gather a code: exact, and quick for up to some 100,000 items;
 * nothing is decoded step by step. Items of equal codes have equal scores.
 *
 * @example
 * ```ts
 * const drawn = Float32Array.from({ length: 8 * log.items.size }, () => Math.random() - 0.5);
 * const vectors = new EmbeddingTable(log.items, 8, drawn, WORLD); // of a text encoder in a real program
 * const rpg = await Rpg.fit(dataset, { vectors, codes: 4, epochs: 1 });
 * const [list] = await rpg.retrieve([{ history: dataset.log.history(0) }], 10);
 * ```
 */
export const Rpg: Transferable<Config, RpgOptions> = transferable<Config, RpgOptions>({
  artifact: 'rpg',
  name: 'RPG',
  declared: RPG,
  ...ofCodes(
    (codes, { dimension, temperature }) =>
      (parameters, random) =>
        new ParallelCodes(parameters, codes, dimension, temperature, random),
  ),
  ofItems: (name) => name.startsWith('codes.'),
  task: (dataset, encoder, config) => new ParallelCodesTask(dataset, encoder, config),
});

/** A trained RPG. */
export type Rpg = TransferableModel<Config>;

/** Predicting the codes of the next item at every position. */
class ParallelCodesTask implements EncoderTask {
  readonly #encoder: SequenceEncoder;
  readonly #task: NextItemTask;
  readonly #dimension: number;

  constructor(
    dataset: Dataset,
    encoder: SequenceEncoder,
    {
      dimension,
      maxLength,
      batchSize,
      packs,
    }: Pick<NextItemSettings, 'dimension' | 'maxLength' | 'batchSize' | 'packs'>,
  ) {
    this.#encoder = encoder;
    this.#dimension = dimension;
    // No item competes as a whole.
    this.#task = new NextItemTask(dataset, encoder, {
      ...NEXT_ITEM,
      competitors: 'all',
      dimension,
      maxLength,
      batchSize,
      packs,
    });
  }

  batches(random: RandomStream): readonly (() => Batch)[] {
    return this.#task.batches(random);
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const states = this.#task.states(batch, pass, this.#encoder.items.of(pass));
    const { present, targets } = batch as Record<'present' | 'targets', tf.Tensor>;
    return (this.#encoder.items as ParallelCodes).loss(
      tf.reshape(states, [-1, this.#dimension]) as tf.Tensor2D,
      targets as tf.Tensor1D,
      tf.reshape(present, [-1]) as tf.Tensor1D,
      this.#task.meanPositions,
      pass,
    );
  }
}
