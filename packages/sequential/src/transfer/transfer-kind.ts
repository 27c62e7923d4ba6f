import type { Dataset, EmbeddingTable, IdMap, Provenance, TensorData } from '@palate/core';
import type { SequenceKind } from '../encode-histories.js';
import type { EncoderTask } from '../fit-encoder.js';
import type { SequentialConfig } from '../options.js';
import type { MakeItemVectors, SequenceEncoder, SequenceEncoderConfig } from '../sequence-encoder.js';
import type { TrainedEncoder } from '../stored-encoder.js';

/** A trained model of texts, as far as another goes on from it. */
export interface TransferSource {
  readonly name: string;
  readonly encoder: SequenceEncoder;
  readonly config: SequenceEncoderConfig;
  readonly fittedOn: readonly string[];
}

/** Settings that all models of texts have. */
export type TransferConfig = SequentialConfig &
  SequenceEncoderConfig & {
    readonly vectors?: EmbeddingTable | undefined;
    readonly from?: TransferSource | undefined;
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
  items(texts: EmbeddingTable, config: C, from?: TransferSource): MakeItemVectors;
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
