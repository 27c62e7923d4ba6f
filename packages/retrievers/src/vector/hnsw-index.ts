import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Artifact,
  ArtifactError,
  checkNumber,
  checkOptions,
  checkVectorAddition,
  countVectorRows,
  defineOptions,
  MissingDependencyError,
  type OptionsOf,
  option,
  type Provenance,
  readArtifact,
  rebuildSaved,
  type SettingsOf,
  savedJson,
  savedProvenance,
  topK,
  UNKNOWN,
  VECTOR_WIDTH,
  type VectorAddOptions,
  type VectorIndex,
  type VectorMatch,
  type VectorSearchOptions,
  WORLD,
  writeArtifact,
} from '@palate/core';
import { checkHnswFile } from './hnsw-file.js';
import type { HnswGraph, HnswLibrary } from './hnsw-library.js';

const GRAPH_OPTIONS = {
  links: option.integer({ min: 2, max: 512 })({ default: 16, doc: 'links per vector on each level (M)' }),
  buildCandidates: option.integer({ min: 1, max: 100_000 })({
    default: 200,
    doc: 'candidates while a vector is placed (efConstruction)',
  }),
  searchCandidates: option.integer({ min: 1, max: 1_000_000 })({
    default: 100,
    doc: 'candidates while searching (ef), at least `k`; more find more and take longer',
  }),
  seed: option.integer({ min: 0, max: 2 ** 32 - 1 })({
    default: 0,
    doc: 'seed of the levels of the vectors',
  }),
} as const;

/** Options of {@link HnswIndex.create}. */
export const HNSW = defineOptions('HnswIndex.create', {
  ...GRAPH_OPTIONS,
  library: option
    .value<HnswLibrary>('the library hnswlib-node')
    .optional({ doc: 'the library, instead of importing it by name', identity: () => undefined }),
});

/** Options of {@link HnswIndex.create}; {@link HNSW} says what each does. */
export type HnswIndexOptions = OptionsOf<typeof HNSW.declarations>;

const SAVED = defineOptions('HnswIndex', { ...GRAPH_OPTIONS, width: VECTOR_WIDTH });

type Config = SettingsOf<typeof SAVED.declarations>;

/** Accepted vectors up to which a filtered search looks at each of them. */
const FEW = 1024;

const KIND = 'hnsw-index';
/** 2 says what the vectors know of interactions. */
const VERSION = 2;
const GRAPH = 'graph.hnsw';
const LABELS = 'labels.json';

async function importLibrary(): Promise<HnswLibrary> {
  try {
    const module = await import('hnswlib-node');
    // A CommonJS module: its exports are on the default export.
    return (module as { default?: HnswLibrary }).default ?? module;
  } catch (cause) {
    throw new MissingDependencyError('hnswlib-node', 'approximate vector search', cause);
  }
}

/**
 * Approximate vector search by hierarchical navigable small worlds (Malkov and Yashunin 2016), by hnswlib: a search
 * touches a few hundred vectors, however many there are, and finds most of the nearest.
 *
 * Scores are inner products. A removed vector keeps its place in the graph until another one takes it.
 */
export class HnswIndex implements VectorIndex {
  readonly width: number;
  readonly #config: Config;
  readonly #graph: HnswGraph;
  readonly #labels = new Map<string, number>();
  /** Id of each label; none where the label was removed. */
  readonly #ids: (string | undefined)[];
  readonly #free: number[] = [];
  #provenance: Provenance;

  private constructor(config: Config, graph: HnswGraph, ids: (string | undefined)[], provenance: Provenance) {
    this.#provenance = provenance;
    this.width = config.width;
    this.#config = config;
    this.#graph = graph;
    this.#ids = ids;
    for (const [label, id] of ids.entries())
      if (id === undefined) this.#free.push(label);
      else this.#labels.set(id, label);
  }

  /**
   * An empty index.
   *
   * @param width - width of the vectors
   * @throws MissingDependencyError if the optional hnswlib-node is not installed
   */
  static async create(width: number, options: HnswIndexOptions = {}): Promise<HnswIndex> {
    const { library: given, ...graphOptions } = HNSW.settings(options);
    const config: Config = { ...graphOptions, width: VECTOR_WIDTH.check('width', width) };
    const library = given ?? (await importLibrary());
    const graph = new library.HierarchicalNSW('ip', config.width);
    graph.initIndex({
      maxElements: 1024,
      m: config.links,
      efConstruction: config.buildCandidates,
      randomSeed: config.seed,
    });
    return new HnswIndex(config, graph, [], WORLD);
  }

  get size(): number {
    return this.#labels.size;
  }

  get provenance(): Provenance {
    return this.#provenance;
  }

  async add(ids: readonly string[], vectors: Float32Array, options: VectorAddOptions = {}): Promise<void> {
    this.#provenance = checkVectorAddition(ids, vectors, this.width, this.#provenance, options);
    await this.remove(ids);
    const needed = this.#ids.length + Math.max(0, ids.length - this.#free.length);
    if (needed > this.#graph.getMaxElements())
      this.#graph.resizeIndex(Math.max(needed, Math.ceil(this.#graph.getMaxElements() * 1.5)));
    for (const [k, id] of ids.entries()) {
      const point = Array.from(vectors.subarray(k * this.width, (k + 1) * this.width));
      const label = this.#free.pop() ?? this.#ids.length;
      if (label < this.#ids.length) this.#graph.unmarkDelete(label);
      this.#graph.addPoint(point, label);
      this.#ids[label] = id;
      this.#labels.set(id, label);
    }
  }

  async remove(ids: readonly string[]): Promise<number> {
    let removed = 0;
    for (const id of ids) {
      const label = this.#labels.get(id);
      if (label === undefined) continue;
      this.#graph.markDelete(label);
      this.#labels.delete(id);
      this.#ids[label] = undefined;
      this.#free.push(label);
      removed++;
    }
    return removed;
  }

  async search(
    queries: Float32Array,
    k: number,
    options: VectorSearchOptions = {},
  ): Promise<VectorMatch[][]> {
    checkOptions('search', options, ['filter']);
    checkNumber('k', k, { min: 1, integer: true });
    const count = countVectorRows(queries, this.width, 'queries');
    const { filter } = options;
    const accepted: number[] = [];
    for (const [id, label] of this.#labels) if (!filter || filter(id)) accepted.push(label);
    const wanted = Math.min(k, accepted.length);
    if (wanted === 0) return Array.from({ length: count }, () => []);
    const points = new Points(this.#graph, accepted);
    const isFew = filter !== undefined && accepted.length <= FEW;
    let accepts: ((label: number) => boolean) | undefined;
    if (filter && !isFew) {
      const flags = new Uint8Array(this.#ids.length);
      for (const label of accepted) flags[label] = 1;
      accepts = (label) => flags[label] === 1;
    }
    return Array.from({ length: count }, (_, q) => {
      const query = queries.subarray(q * this.width, (q + 1) * this.width);
      const found = isFew ? undefined : this.#approximate(Array.from(query), wanted, accepts);
      return (found ?? points.nearest(query, wanted)).map(({ label, score }) => ({
        id: this.#ids[label] as string,
        score,
      }));
    });
  }

  /**
   * Searches the graph; nothing where even a search as wide as the index finds too little: vectors of small norm among
   * larger ones may have no way to them.
   */
  #approximate(
    query: number[],
    wanted: number,
    accepts: ((label: number) => boolean) | undefined,
  ): readonly ScoredLabel[] | undefined {
    // A strict filter, or many removals, can leave a search with too little: it looks further then.
    for (let candidates = Math.max(this.#config.searchCandidates, wanted); ; candidates *= 4) {
      this.#graph.setEf(candidates);
      const { neighbors, distances } = this.#graph.searchKnn(query, wanted, accepts);
      if (neighbors.length >= wanted)
        return neighbors
          .map((label, at) => ({ label, score: 1 - (distances[at] as number) }))
          .sort((a, b) => b.score - a.score);
      if (candidates >= this.#ids.length) return undefined;
    }
  }

  async save(dir: string): Promise<void> {
    // The library writes to paths only.
    const path = join(tmpdir(), `palate-hnsw-${process.pid}-${randomBytes(6).toString('hex')}`);
    try {
      await this.#graph.writeIndex(path);
      await writeArtifact(dir, {
        kind: KIND,
        version: VERSION,
        config: { ...SAVED.saved(this.#config), provenance: this.provenance },
        files: {
          [GRAPH]: new Uint8Array(await readFile(path)),
          [LABELS]: JSON.stringify(Array.from(this.#ids, (id) => id ?? null)),
        },
      });
    } finally {
      await rm(path, { force: true });
    }
  }

  /**
   * @throws ArtifactError if the folder is missing, foreign or damaged
   * @throws MissingDependencyError if the optional hnswlib-node is not installed
   */
  static async load(dir: string, options: Pick<HnswIndexOptions, 'library'> = {}): Promise<HnswIndex> {
    const library = options.library ?? (await importLibrary());
    const artifact = await readArtifact(dir, KIND, VERSION);
    const { provenance, ...settings } = Object(artifact.manifest.config) as Record<string, unknown>;
    const config = SAVED.restored(dir, settings);
    const known = savedProvenance(dir, provenance) ?? UNKNOWN;
    const ids = savedLabels(dir, artifact);
    return rebuildSaved(dir, 'a graph of hnswlib and its labels', async () => {
      const graph = new library.HierarchicalNSW('ip', config.width);
      // The bytes that were checked are those that are read: the library is not asked to trust a file.
      checkHnswFile(artifact.files[GRAPH] ?? new Uint8Array(0), { ...config, count: ids.length });
      await graph.readIndex(join(dir, GRAPH));
      return new HnswIndex(config, graph, ids, known);
    });
  }
}

/** A label with its inner product. */
interface ScoredLabel {
  readonly label: number;
  readonly score: number;
}

/** The vectors of some labels, read from the graph when they are first needed. */
class Points {
  readonly #graph: HnswGraph;
  readonly #labels: readonly number[];
  #rows: readonly (readonly number[])[] | undefined;

  constructor(graph: HnswGraph, labels: readonly number[]) {
    this.#graph = graph;
    this.#labels = labels;
  }

  /** The best by inner product, each of them compared. */
  nearest(query: Float32Array, count: number): readonly ScoredLabel[] {
    this.#rows ??= this.#labels.map((label) => this.#graph.getPoint(label));
    const scores = Float32Array.from(this.#rows, (row) =>
      row.reduce((sum, value, k) => sum + value * query[k]!, 0),
    );
    return topK(scores, count).map(({ item, score }) => ({ label: this.#labels[item] as number, score }));
  }
}

/** The id of each label; none where it was removed. */
function savedLabels(dir: string, artifact: Artifact): (string | undefined)[] {
  const labels = savedJson(dir, artifact, LABELS, 'a list of ids and nulls');
  const isId = (label: unknown): boolean => label === null || typeof label === 'string';
  const known = Array.isArray(labels) ? labels.filter((label) => label !== null) : [];
  if (!Array.isArray(labels) || !labels.every(isId) || new Set(known).size !== known.length)
    throw new ArtifactError(dir, {
      expected: `a list of different ids and nulls in ${LABELS}`,
      received: 'something else',
      hint: 'Build the index again.',
    });
  return (labels as (string | null)[]).map((label) => label ?? undefined);
}
