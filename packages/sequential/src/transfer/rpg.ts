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
import { ParallelCodes } from '../items/parallel-codes.js';
import { ProductCodes } from '../items/product-codes.js';
import { type NextItemSettings, NextItemTask } from '../next-item-task.js';
import type { SequenceEncoder } from '../sequence-encoder.js';
import { carried, fitTransferable, loadTransferable } from './fit-transferable.js';
import { NEXT_ITEM } from './task-of.js';
import { CODES, TRANSFER } from './transfer-options.js';
import { TransferableModel, type TransferKind, type TransferParts } from './transferable-model.js';

/** Options of {@link Rpg.fit}. */
export const RPG = defineOptions('Rpg.fit', {
  ...TRANSFER,
  temperature: option.number({ min: 1e-3 })({
    default: 0.07,
    doc: "divides the cosine of a code's head and a value of it, of which a softmax makes probabilities",
  }),
  ...CODES,
});

/** Options of {@link Rpg.fit}; {@link RPG} says what each does. */
export type RpgOptions = OptionsOf<typeof RPG.declarations> & LongCallOptions;

type Config = SettingsOf<typeof RPG.declarations>;

const KIND: TransferKind<Config> = {
  artifact: 'rpg',
  name: 'RPG',
  causal: true,
  hasEndToken: false,
  declared: RPG,
  items: (texts, config, from) => {
    const known = from?.encoder.items;
    const given = ProductCodes.codesOf(
      texts,
      config,
      known instanceof ParallelCodes ? known.codes : undefined,
    );
    const { dimension, temperature } = config;
    return (parameters, random) => new ParallelCodes(parameters, given, dimension, temperature, random);
  },
  savedItems: (given, items, { dimension, temperature }) => {
    const codes = ProductCodes.saved(given, items.size);
    return (parameters, random) => new ParallelCodes(parameters, codes, dimension, temperature, random);
  },
  ofItems: (name) => name.startsWith('codes.'),
};

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
export class Rpg extends TransferableModel<Config> {
  private constructor(parts: TransferParts<Config>) {
    super(KIND, parts);
  }

  /**
   * Trains on the histories of the data set.
   *
   * @throws InvalidInputError for unknown options, items without a vector, or a model that it cannot go on from
   * @throws LeakError for a validation that the vectors know
   */
  static async fit(dataset: Dataset, options: RpgOptions): Promise<Rpg> {
    const config = RPG.settings(options);
    return new Rpg(
      await fitTransferable(
        KIND,
        dataset,
        config,
        options,
        (encoder) => new ParallelCodesTask(dataset, encoder, config),
      ),
    );
  }

  override async transfer(dataset: Dataset, vectors: EmbeddingTable): Promise<Rpg> {
    return new Rpg(await carried(KIND, this, this.config, dataset, vectors));
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<Rpg> {
    return new Rpg(await loadTransferable(KIND, dir));
  }
}

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
