import {
  type Dataset,
  defineOptions,
  type EmbeddingTable,
  type LongCallOptions,
  type OptionsOf,
  option,
  type SettingsOf,
} from '@palate/core';
import { AdaptedVectors } from '../items/text-vectors.js';
import { carried, fitTransferable, loadTransferable } from './fit-transferable.js';
import { taskOf } from './task-of.js';
import { CONTRASTIVE, TRANSFER } from './transfer-options.js';
import { TransferableModel, type TransferKind, type TransferParts } from './transferable-model.js';

/** Options of {@link UniSRec.fit}. */
export const UNISREC = defineOptions('UniSRec.fit', {
  ...TRANSFER,
  ...CONTRASTIVE,
  experts: option.integer({ min: 1, max: 64 })({
    default: 8,
    doc: 'experts of the adaptor, each of which shifts and projects the vectors of texts',
  }),
});

/** Options of {@link UniSRec.fit}; {@link UNISREC} says what each does. */
export type UniSRecOptions = OptionsOf<typeof UNISREC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof UNISREC.declarations>;

const KIND: TransferKind<Config> = {
  artifact: 'unisrec',
  name: 'UniSRec',
  causal: true,
  hasEndToken: false,
  declared: UNISREC,
  items:
    (texts, { dimension, experts }) =>
    (parameters, random) =>
      new AdaptedVectors(parameters, texts, dimension, experts, random),
  ofItems: (name) => name.startsWith('adaptor.'),
};

/**
 * UniSRec (Hou et al. 2022): items are vectors of their texts through a mixture of whitening experts, histories a causal
 * transformer over them, scores cosines over a temperature. Pre-train on `joinDomains` of several catalogues with
 * `objective: 'contrastive'`; carry to another with `transfer`, or go on there with `from` (`tune: 'items'` for the adaptor
 * alone, as in the paper).
 */
export class UniSRec extends TransferableModel<Config> {
  private constructor(parts: TransferParts<Config>) {
    super(KIND, parts);
  }

  /**
   * Trains on the histories of the data set.
   *
   * @throws InvalidInputError for unknown options, items without a vector, or a model that it cannot go on from
   * @throws LeakError for a validation that the vectors know
   */
  static async fit(dataset: Dataset, options: UniSRecOptions): Promise<UniSRec> {
    const config = UNISREC.settings(options);
    return new UniSRec(
      await fitTransferable(KIND, dataset, config, options, (encoder) => taskOf(dataset, encoder, config)),
    );
  }

  override async transfer(dataset: Dataset, vectors: EmbeddingTable): Promise<UniSRec> {
    return new UniSRec(await carried(KIND, this, this.config, dataset, vectors));
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<UniSRec> {
    return new UniSRec(await loadTransferable(KIND, dir));
  }
}
