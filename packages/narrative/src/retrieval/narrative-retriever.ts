import {
  type Catalog,
  type CatalogueScorer,
  type Dataset,
  defineOptions,
  EmbeddingTable,
  type Favourites,
  type IdMap,
  joinProvenance,
  type LongCallOptions,
  type OptionsOf,
  type OutcomeOptions,
  option,
  type Provenance,
  type Query,
  type RetrieveOptions,
  type Saveable,
  type ScoredItem,
  type TextEncoder,
  throwIfCancelled,
  WORLD,
} from '@palate/core';
import { TextRetriever } from '@palate/retrievers';
import { RequestRules, type UnderstoodQuery } from './request-rules.js';

const isEncoder = (value: unknown): boolean => typeof Object(value).encode === 'function';

/** Options of `NarrativeRetriever.fit`. */
export const NARRATIVE_RETRIEVER = defineOptions('NarrativeRetriever.fit', {
  encoder: option
    .value<TextEncoder & { readonly provenance?: Provenance | undefined }>('a text encoder', isEncoder)
    .required({ doc: 'encodes requests and items: a `BiEncoder`, or any other', identity: ({ id }) => id }),
  texts: option.list(option.text()).optional({
    doc: 'one text per item, which is encoded, and searched for what is excluded; all fields of the catalogue if left out',
  }),
  textWeight: option.number({ min: 0, max: 1 })({
    default: 0.7,
    doc: "weight of the request relative to the query's history, if it has both",
  }),
  space: option.choice(['centred', 'raw'])({
    default: 'centred',
    doc: "whether the mean of all items is subtracted from the vectors before they are compared; `'raw'` is what a bi-encoder was trained for",
  }),
});

/** Options of `NarrativeRetriever.fit`; {@link NARRATIVE_RETRIEVER} says what each does. */
export type NarrativeRetrieverOptions = OptionsOf<typeof NARRATIVE_RETRIEVER.declarations> & LongCallOptions;

/**
 * Finds items for a request in words: the encoder's vectors of all items, searched with what is wanted; what is ruled out
 * comes last. A query without a request is answered from its history.
 *
 * @example
 * ```ts
 * const retriever = await NarrativeRetriever.fit(dataset, { encoder });
 * const [list] = await retriever.retrieve([{ text: 'slow-burning heist films, no gore' }], 5);
 * console.log(retriever.understand('slow-burning heist films, no gore').told);
 * ```
 */
export class NarrativeRetriever implements CatalogueScorer, Saveable {
  readonly name: string;
  readonly items: IdMap;
  readonly favourites: Favourites;
  /** Knowledge of interactions in the vectors: that of the encoder's training. */
  readonly provenance: Provenance;
  readonly #inner: TextRetriever;
  readonly #rules: RequestRules;

  private constructor(inner: TextRetriever, catalog: Catalog, texts: readonly string[] | undefined) {
    this.#inner = inner;
    this.#rules = new RequestRules(inner, catalog, { texts });
    this.name = `Narrative (${inner.name.replace(/^Text \((.*)\)$/, '$1')})`;
    this.items = inner.items;
    this.favourites = inner.favourites;
    this.provenance = inner.provenance;
  }

  /**
   * Encodes every item.
   *
   * @throws InvalidInputError for unknown options, or texts that do not fit the items
   */
  static async fit(dataset: Dataset, options: NarrativeRetrieverOptions): Promise<NarrativeRetriever> {
    const { encoder, texts, textWeight, space } = NARRATIVE_RETRIEVER.settings(options);
    throwIfCancelled(options.signal, 'fitting a narrative retriever');
    const { log, catalog } = dataset;
    const own = catalog.align(log.items);
    const read = texts ?? Array.from({ length: log.items.size }, (_, item) => own.itemText(item, own.fields));
    const { data, width } = await encoder.encode(read, {
      signal: options.signal,
      onProgress: options.onProgress,
    });
    const vectors = new EmbeddingTable(
      log.items,
      width,
      data,
      joinProvenance([WORLD, encoder.provenance ?? WORLD]),
    );
    const inner = await TextRetriever.fit(dataset, { encoder, vectors, textWeight, space });
    return new NarrativeRetriever(inner, own, texts);
  }

  /** Tells how a request is understood here: to be shown beside the list. */
  understand(text: string): UnderstoodQuery {
    return this.#rules.understand(text);
  }

  scoreAll(queries: readonly Query[], options: LongCallOptions & OutcomeOptions = {}): Promise<Float32Array> {
    return this.#rules.scoreAll(queries, options);
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return this.#rules.retrieve(queries, k, options);
  }

  /** Writes the vectors as a folder of a `TextRetriever`; encoder and catalogue are given again to `load`. */
  save(dir: string): Promise<void> {
    return this.#inner.save(dir);
  }

  /**
   * @param encoder - the one that it was fitted with
   * @param catalog - for what requests rule out
   * @throws ArtifactError if the folder is missing, foreign or damaged; InvalidInputError for another encoder
   */
  static async load(
    dir: string,
    encoder: TextEncoder,
    catalog: Catalog,
    options: { readonly texts?: readonly string[] | undefined } = {},
  ): Promise<NarrativeRetriever> {
    const inner = await TextRetriever.load(dir, encoder);
    return new NarrativeRetriever(inner, catalog, options.texts);
  }
}
