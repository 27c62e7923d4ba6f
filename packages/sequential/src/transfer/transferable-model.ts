import {
  contentHash,
  type Dataset,
  type EmbeddingTable,
  type IdMap,
  type Provenance,
  type TensorData,
} from '@palate/core';
import type { SequenceKind } from '../encode-histories.js';
import type { EncoderTask } from '../fit-encoder.js';
import type { SequentialConfig } from '../options.js';
import type { MakeItemVectors, SequenceEncoder, SequenceEncoderConfig } from '../sequence-encoder.js';
import { SequenceModel } from '../sequence-model.js';
import type { TrainedEncoder } from '../stored-encoder.js';
import { carried } from './fit-transferable.js';

/** Settings that all models of texts have. */
export type TransferConfig = SequentialConfig &
  SequenceEncoderConfig & {
    readonly vectors?: EmbeddingTable | undefined;
    readonly from?: TransferableModel | undefined;
    readonly tune: 'all' | 'items';
  };

/** Properties in which kinds of text models differ. */
export interface TransferKind<C extends TransferConfig, O = never> extends SequenceKind {
  readonly declared: {
    readonly where: string;
    settings(options: O): C & { readonly vectors: EmbeddingTable };
    identity(settings: C, ...rest: readonly unknown[]): string;
    saved(settings: C): Readonly<Record<string, unknown>>;
    restored(dir: string, config: unknown): C;
  };
  /** Makes item vectors from those of texts; `from` is what the model that it goes on from was given. */
  items(texts: EmbeddingTable, config: C, from?: TransferableModel): MakeItemVectors;
  /** Makes item vectors from what was saved; from the saved vectors of the texts if left out. */
  savedItems?(given: Readonly<Record<string, TensorData>>, items: IdMap, config: C): MakeItemVectors;
  /** True for the parameters that make item vectors. */
  ofItems(name: string): boolean;
  /** Makes the task that it is trained on. */
  task(dataset: Dataset, encoder: SequenceEncoder, config: C): EncoderTask;
  /** Gives the settings of a model that is carried to another catalogue; those of the fit if left out. */
  carriedConfig?(config: C): C;
}

/** Parts of a trained model of texts. */
export interface TransferParts<C extends TransferConfig> {
  readonly trained: TrainedEncoder<C>;
  readonly provenance: Provenance;
}

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
