import type {
  Dataset,
  Disposable,
  EmbeddingTable,
  InteractionLog,
  LongCallOptions,
  OptionDeclaration,
  OptionSet,
  Provenance,
  Ranker,
  Retriever,
  Saveable,
  TextEncoder,
} from '@palate/core';

/** Plain settings of a method by option name, as a configuration file has them. */
export type MethodSettings = Readonly<Record<string, unknown>>;

/** Options of a method, whatever they are. */
export type MethodOptions = OptionSet<
  Readonly<Record<string, OptionDeclaration<unknown, 'required' | 'defaulted' | 'optional'>>>
>;

/** Input that a method reads beside the interactions and the query's history. */
export type MethodNeed = 'history' | 'text' | 'item texts' | 'times' | 'training';

/** A fitted method. Those of kind `ranker` rank, too. */
export type FittedMethod = Retriever & Saveable & Partial<Disposable> & Partial<Pick<Ranker, 'rank'>>;

/** Parts available for loading a method. */
export interface LoadContext {
  /** Settings that it was fitted with. */
  readonly settings: MethodSettings;
  /** The encoder of texts, loaded when it is first asked for. */
  encoder(): Promise<TextEncoder>;
}

/** Parts available for fitting a method, beside the data set and its settings. */
export interface FitContext extends LongCallOptions {
  /** The encoder of texts, loaded when it is first asked for. */
  encoder(): Promise<TextEncoder>;
  /** Name of the encoder; where it is known without loading the encoder, it is not loaded. */
  encoderId(): Promise<string>;
  /** One text an item by dense index, the empty one where nothing is known. */
  itemTexts(): Promise<readonly string[]>;
  /** Knowledge of interactions in the texts. */
  readonly textProvenance: Provenance;
  /** Vectors of the items' texts by the encoder. */
  itemVectors(): Promise<EmbeddingTable>;
  /** Profiles in words by external user id, where there are such, with what they know of interactions. */
  readonly profiles?: ReadonlyMap<string, string> | undefined;
  readonly profileProvenance?: Provenance | undefined;
  /** Held-out interactions, for early stopping. */
  readonly validation?: InteractionLog | undefined;
  /** Folder for checkpoints of trainings; none are kept if left out. */
  readonly checkpoints?: string | undefined;
  /** Another method of the registry, fitted on the same data or read. */
  other(key: string, settings?: MethodSettings): Promise<FittedMethod>;
  /**
   * Reads a part of a method that is kept by itself, or makes and keeps it.
   *
   * @param name - beginning of its folder's name
   * @param identity - everything that decides it beside the data set, as JSON
   */
  keep<M extends Saveable>(
    name: string,
    identity: unknown,
    how: { readonly load: (dir: string) => Promise<M>; readonly fit: () => Promise<M> },
  ): Promise<M>;
}

/** A recommender that can be named: on the command line, in a pipeline, in a table. */
export interface Method {
  /** Name on the command line, in pipelines and of its folder: lower case, words joined by `-`. */
  readonly key: string;
  /** What it uses, in a short phrase. */
  readonly title: string;
  /** Package that implements it. */
  readonly package: string;
  /** A ranker orders the candidates of others; it may retrieve, too. */
  readonly kind: 'retriever' | 'ranker';
  /** Declarations of its options. */
  readonly options: MethodOptions;
  /** True where the seed changes nothing. */
  readonly deterministic: boolean;
  readonly needs: readonly MethodNeed[];
  /** Settings where nothing else is said: `quick` shows that all works, `full` is worth waiting for. */
  readonly defaults?: Readonly<Record<'quick' | 'full', MethodSettings>> | undefined;
  /**
   * True where fitting is indexing the catalogue: it costs little, and new items are in it as soon as they are indexed
   * again.
   */
  readonly followsCatalogue?: boolean | undefined;
  /** True where a score of 0 says that nothing of the query was found in an item. */
  readonly zeroIsNothing?: boolean | undefined;
  fit(dataset: Dataset, settings: MethodSettings, context: FitContext): Promise<FittedMethod>;
  load(dir: string, context: LoadContext): Promise<FittedMethod>;
  /**
   * The same model with more items behind those that it knows, by vectors of their texts; left out where the method learns
   * of new items by fitting alone. The model that is given stays as it is.
   */
  extend?(model: FittedMethod, added: EmbeddingTable): Promise<FittedMethod>;
}

/** A context with its data set, and hashes that say when what is kept is of another state of things. */
export interface MethodContext extends FitContext {
  readonly folder: string;
  /** `fingerprint` of the interactions. */
  readonly dataFingerprint: string;
  /** Whether the vectors of the items' texts were asked for. */
  readonly hasItemVectors: boolean;
  /** Hash of the texts and of the encoder's name. */
  textIdentity(): Promise<string>;
  /** Hash of the profiles. */
  readonly profileIdentity: string;
}
