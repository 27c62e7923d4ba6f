import {
  type Dataset,
  defineOptions,
  type EmbeddingTable,
  type LongCallOptions,
  type OptionsOf,
  option,
  type SettingsOf,
} from '@palate/core';
import { ProductCodes } from '../items/product-codes.js';
import { CodeVectors } from '../items/text-vectors.js';
import { carried, fitTransferable, loadTransferable } from './fit-transferable.js';
import { taskOf } from './task-of.js';
import { CODES, CONTRASTIVE, TRANSFER } from './transfer-options.js';
import { TransferableModel, type TransferKind, type TransferParts } from './transferable-model.js';

/** Options of {@link VqRec.fit}. */
export const VQREC = defineOptions('VqRec.fit', {
  ...TRANSFER,
  ...CONTRASTIVE,
  ...CODES,
  mixShare: option.number({ min: 0, max: 1 })({
    default: 0.75,
    doc: "share of the codes that made-up negatives of `'contrastive'` have from other items",
  }),
  permutes: option.boolean()({
    default: ({ from }) => from !== undefined,
    defaultText: 'true where there is a model to go on from',
    doc: 'learns for each code which of its values stand for which, as codes mean other things in another catalogue',
  }),
});

/** Options of {@link VqRec.fit}; {@link VQREC} says what each does. */
export type VqRecOptions = OptionsOf<typeof VQREC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof VQREC.declarations>;

const KIND: TransferKind<Config> = {
  artifact: 'vq-rec',
  name: 'VQ-Rec',
  causal: true,
  hasEndToken: false,
  declared: VQREC,
  items: (texts, config, from) => {
    const known = from?.encoder.items;
    const given = ProductCodes.codesOf(texts, config, known instanceof CodeVectors ? known.codes : undefined);
    const { dimension, permutes } = config;
    return (parameters, random) => new CodeVectors(parameters, given, dimension, permutes, random);
  },
  savedItems: (given, items, { dimension, permutes }) => {
    const codes = ProductCodes.saved(given, items.size);
    return (parameters, random) => new CodeVectors(parameters, codes, dimension, permutes, random);
  },
  ofItems: (name) => name.startsWith('codes.') || name.startsWith('permutation.'),
};

/**
 * VQ-Rec (Hou et al. 2023): the vector of a text becomes codes by optimised product quantisation, and an item is the mean of
 * the learned vectors of its codes. Where a model goes on in another catalogue (`from`) the codes are the ones that it was
 * trained with, and a permutation of each is learned.
 */
export class VqRec extends TransferableModel<Config> {
  private constructor(parts: TransferParts<Config>) {
    super(KIND, parts);
  }

  /**
   * Trains on the histories of the data set.
   *
   * @throws InvalidInputError for unknown options, items without a vector, or a model that it cannot go on from
   * @throws LeakError for a validation that the vectors know
   */
  static async fit(dataset: Dataset, options: VqRecOptions): Promise<VqRec> {
    const config = VQREC.settings(options);
    return new VqRec(
      await fitTransferable(KIND, dataset, config, options, (encoder) => taskOf(dataset, encoder, config)),
    );
  }

  override async transfer(dataset: Dataset, vectors: EmbeddingTable): Promise<VqRec> {
    return new VqRec(await carried(KIND, this, { ...this.config, permutes: false }, dataset, vectors));
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<VqRec> {
    return new VqRec(await loadTransferable(KIND, dir));
  }
}
