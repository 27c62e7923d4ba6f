import {
  type CatalogueScorer,
  checkOptions,
  type Dataset,
  defineOptions,
  distinctHistory,
  EmbeddingTable,
  Favourites,
  type IdMap,
  InvalidInputError,
  itemFiles,
  type LongCallOptions,
  listsFromScores,
  type OptionsOf,
  option,
  type Provenance,
  type Query,
  type RetrieveOptions,
  readArtifact,
  type Saveable,
  type ScoredItem,
  type SettingsOf,
  savedItems,
  savedProvenance,
  type TextEncoder,
  throwIfCancelled,
  UNKNOWN,
  VECTOR_WIDTH,
  writeArtifact,
  yieldToEventLoop,
} from '@palate/core';
import { COMPUTE, defaultCompute } from '../compute/default-compute.js';
import { type MatrixCompute, rowsPerCall } from '../compute/matrix-compute.js';
import { savedFloats } from '../saved-tensors.js';

/** How a query becomes a vector. */
const TEXT_QUERY = {
  textWeight: option.number({ min: 0, max: 1 })({
    default: 0.5,
    doc: "weight of the query's text against its history, where it has both",
  }),
  recency: option.number({ min: 1e-6, max: 1 })({
    default: 1,
    doc: 'weight of an item of the history relative to the next newer one; 1: all equal',
  }),
  space: option.choice(['centred', 'raw'])({
    default: 'centred',
    doc: 'how item vectors are transformed before they are compared',
  }),
} as const;

/** How a query becomes a vector. */
export type TextQueryOptions = OptionsOf<typeof TEXT_QUERY>;

/** Options of {@link TextRetriever.fit}. */
export const TEXT = defineOptions('TextRetriever.fit', {
  encoder: option
    .value<TextEncoder>('a text encoder', (value) => typeof Object(value).encode === 'function')
    .required({ doc: 'encodes texts of items and queries', identity: ({ id, width }) => [id, width] }),
  fields: option
    .list(option.text())
    .optional({ doc: "fields of the catalogue that make up an item's text; all if left out" }),
  vectors: option
    .value<EmbeddingTable>('a table of vectors', (value) => value instanceof EmbeddingTable)
    .optional({ doc: "the items' vectors, instead of encoding texts; ids as in the data set" }),
  ...TEXT_QUERY,
  compute: COMPUTE,
});

/** Options of {@link TextRetriever.fit}; {@link TEXT} says what each does. */
export type TextRetrieverOptions = OptionsOf<typeof TEXT.declarations> & LongCallOptions;

const SAVED = defineOptions('TextRetriever', {
  ...TEXT_QUERY,
  width: VECTOR_WIDTH,
  encoder: option.text().required({ doc: 'the encoder that made the vectors' }),
});

type Config = SettingsOf<typeof SAVED.declarations>;

const KIND = 'text-retriever';
/** 3 says what the vectors know of interactions. */
const VERSION = 3;

/**
 * Retrieves items whose texts are alike to a query: a narrative request, a preference in words, the weighted mean of
 * a history, or a mixture. Scores are cosines.
 *
 * In the centred space the mean of all items is taken off every vector first: encoders put all texts of one kind
 * close together, and what they share says nothing about taste.
 */
export class TextRetriever implements CatalogueScorer, Saveable {
  readonly name: string;
  readonly items: IdMap;
  readonly favourites: Favourites;
  /** Knowledge of interactions in the vectors of the items; texts of the catalogue are taken to know none. */
  readonly provenance: Provenance;
  readonly #encoder: TextEncoder;
  readonly #config: Config;
  /** Item vectors of norm 1 in the space of the search. */
  readonly #vectors: Float32Array;
  readonly #mean: Float32Array;
  readonly #compute: MatrixCompute | undefined;

  private constructor(
    items: IdMap,
    encoder: TextEncoder,
    config: Config,
    vectors: Float32Array,
    mean: Float32Array,
    favourites: Favourites,
    provenance: Provenance,
    compute: MatrixCompute | undefined,
  ) {
    this.provenance = provenance;
    this.favourites = favourites;
    this.name = `Text (${encoder.id})`;
    this.items = items;
    this.#encoder = encoder;
    this.#config = config;
    this.#vectors = vectors;
    this.#mean = mean;
    this.#compute = compute;
  }

  /**
   * Encodes every item of a catalogue.
   *
   * @throws InvalidInputError if there is no text to encode, or vectors do not fit
   */
  static async fit(dataset: Dataset, options: TextRetrieverOptions): Promise<TextRetriever> {
    const { textWeight, recency, space, encoder, compute } = TEXT.settings(options);
    throwIfCancelled(options.signal, 'fitting a text retriever');
    const { items } = dataset.log;
    const table = await itemVectors(dataset, options);
    const config: Config = { textWeight, recency, space, width: table.width, encoder: encoder.id };
    const mean = new Float32Array(table.width);
    if (config.space === 'centred')
      for (let at = 0; at < table.data.length; at++)
        mean[at % table.width]! += table.data[at]! / Math.max(1, items.size);
    const vectors = table.data.slice();
    for (let row = 0; row < items.size; row++)
      toUnit(vectors.subarray(row * table.width, (row + 1) * table.width), mean);
    return new TextRetriever(
      items,
      encoder,
      config,
      vectors,
      mean,
      Favourites.of(dataset.log),
      table.provenance,
      compute,
    );
  }

  /** Cosine of every item with every query; the general favourites for a query without text and history. */
  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    throwIfCancelled(options.signal, this.name);
    if (queries.length === 0) return new Float32Array(0);
    const targets = await this.#queryVectors(queries, options);
    const { width } = this.#config;
    const compute = this.#compute ?? (await defaultCompute());
    const n = this.items.size;
    const scores = new Float32Array(queries.length * n);
    const rows = rowsPerCall(compute, n, width);
    for (let from = 0; from < queries.length; from += rows) {
      if (from > 0) await yieldToEventLoop(options.signal, this.name);
      const chunk = targets.subarray(from * width, Math.min(queries.length, from + rows) * width);
      scores.set(compute.products(chunk, this.#vectors, width), from * n);
    }
    for (let q = 0; q < queries.length; q++) this.favourites.standIn(scores.subarray(q * n, (q + 1) * n));
    return scores;
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  /** One vector a query, of norm 1 or zero. */
  async #queryVectors(queries: readonly Query[], options: LongCallOptions): Promise<Float32Array> {
    const { width, textWeight, recency } = this.#config;
    const texts = [...new Set(queries.flatMap(({ text }) => (text ? [text] : [])))];
    const encoded =
      texts.length > 0 ? await this.#encoder.encode(texts, { signal: options.signal }) : undefined;
    const rows = new Map(texts.map((text, row) => [text, row]));
    const targets = new Float32Array(queries.length * width);
    const own = new Float32Array(width);
    for (const [q, query] of queries.entries()) {
      const target = targets.subarray(q * width, (q + 1) * width);
      const history = distinctHistory(query, this.items.size);
      let weight = 1;
      for (const item of [...history].reverse()) {
        for (let k = 0; k < width; k++) target[k]! += weight * this.#vectors[item * width + k]!;
        weight *= recency;
      }
      toUnit(target);
      const row = query.text ? rows.get(query.text) : undefined;
      if (row === undefined || !encoded) continue;
      own.set(encoded.data.subarray(row * width, (row + 1) * width));
      toUnit(own, this.#mean);
      const share = history.length > 0 ? textWeight : 1;
      for (let k = 0; k < width; k++) target[k] = share * own[k]! + (1 - share) * target[k]!;
      toUnit(target);
    }
    return targets;
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, {
      kind: KIND,
      version: VERSION,
      config: { ...SAVED.saved(this.#config), provenance: this.provenance },
      tensors: {
        vectors: { shape: [this.items.size, this.#config.width], values: this.#vectors },
        mean: { shape: [this.#config.width], values: this.#mean },
        ...this.favourites.tensors(),
      },
      files: itemFiles(this.items),
    });
  }

  /**
   * @param encoder - the one it was made with, for texts of queries
   * @throws ArtifactError if the folder is missing, foreign or damaged
   * @throws InvalidInputError for another encoder
   */
  static async load(
    dir: string,
    encoder: TextEncoder,
    options: Pick<TextRetrieverOptions, 'compute'> = {},
  ): Promise<TextRetriever> {
    checkOptions('TextRetriever.load', options, ['compute']);
    const artifact = await readArtifact(dir, KIND, VERSION);
    const { provenance, ...settings } = Object(artifact.manifest.config) as Record<string, unknown>;
    const config = SAVED.restored(dir, settings);
    if (config.encoder !== encoder.id)
      throw new InvalidInputError({
        expected: `the encoder ${config.encoder}, which made the vectors`,
        received: encoder.id,
        hint: 'Load with that encoder, or fit again: vectors of two encoders cannot be compared.',
      });
    const items = savedItems(dir, artifact);
    return new TextRetriever(
      items,
      encoder,
      config,
      savedFloats(dir, artifact.tensors, 'vectors', [items.size, config.width]),
      savedFloats(dir, artifact.tensors, 'mean', [config.width]),
      Favourites.saved(dir, artifact.tensors, items.size),
      savedProvenance(dir, provenance) ?? UNKNOWN,
      options.compute,
    );
  }
}

async function itemVectors(dataset: Dataset, options: TextRetrieverOptions): Promise<EmbeddingTable> {
  const { items } = dataset.log;
  const { encoder, vectors, fields } = options;
  if (vectors) {
    if (vectors.width !== encoder.width)
      throw new InvalidInputError({
        expected: `vectors of width ${encoder.width}, as ${encoder.id} makes them`,
        received: `width ${vectors.width}`,
        hint: 'Give the vectors of the same encoder.',
      });
    return vectors.align(items);
  }
  const { catalog } = dataset;
  const own = Array.from({ length: items.size }, (_, item) =>
    catalog.itemText(item, fields ?? catalog.fields),
  );
  if (own.every((text) => text === ''))
    throw new InvalidInputError({
      expected: 'a data set with item texts',
      received: `${dataset.name} without any`,
      hint: 'Load a catalogue with text fields, or pass vectors.',
    });
  const { signal, onProgress } = options;
  const { data } = await encoder.encode(own, { signal, onProgress });
  return new EmbeddingTable(items, encoder.width, data, catalog.provenanceOf(fields));
}

/** Takes the mean off, where one is given, and scales to norm 1; a vector of zeros stays. */
function toUnit(vector: Float32Array, mean?: Float32Array): void {
  let square = 0;
  for (let k = 0; k < vector.length; k++) {
    vector[k]! -= mean?.[k] ?? 0;
    square += vector[k]! ** 2;
  }
  if (square === 0) return;
  const scale = 1 / Math.sqrt(square);
  for (let k = 0; k < vector.length; k++) vector[k]! *= scale;
}
