import { contentHash, type Dataset, type EmbeddingTable, type Provenance } from '@palate/core';
import type { SequenceEncoder } from '../sequence-encoder.js';
import { SequenceModel } from '../sequence-model.js';
import { carried } from './fit-transferable.js';
import type { TransferConfig, TransferKind, TransferParts } from './transfer-kind.js';

/**
 * A sequential recommender whose items are vectors of texts, so that what it has learned holds for other catalogues: carried
 * there as it is (`transfer`), or trained on (`from` of `fit`).
 */
export class TransferableModel<C extends TransferConfig = TransferConfig> extends SequenceModel {
  readonly name: string;
  readonly provenance: Provenance;
  /** The encoder with its weights. */
  readonly encoder: SequenceEncoder;
  /** Settings that it was fitted with. */
  readonly config: C;
  readonly #kind: TransferKind<C>;

  /** Made by `fit`, `load` and `transfer` alone. */
  constructor(kind: TransferKind<C>, { trained, provenance }: TransferParts<C>) {
    super(kind, trained, { ...kind.declared.saved(trained.config), provenance });
    this.#kind = kind;
    this.name = kind.name;
    this.provenance = provenance;
    this.encoder = trained.encoder;
    this.config = trained.config;
  }

  /** A hash of the weights of its layers. */
  weightsIdentity(): string {
    const { parameters } = this.encoder;
    return contentHash(
      ['positions.table', 'norm.scale', 'norm.shift'].map((name) =>
        Array.from(parameters.get(name).dataSync()),
      ),
    );
  }

  /**
   * The same model over another catalogue, without training there: nothing of the catalogue's interactions is learned but
   * its favourites, for queries without a history.
   *
   * @param vectors - of all items of the data set, by the encoder that the model was trained with
   * @throws InvalidInputError for vectors of another width, or items without one
   */
  async transfer(dataset: Dataset, vectors: EmbeddingTable): Promise<TransferableModel<C>> {
    return new TransferableModel(this.#kind, await carried(this.#kind, this, dataset, vectors));
  }
}
