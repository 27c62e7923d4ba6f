import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ArtifactError,
  checkNumber,
  checkOptions,
  MissingDependencyError,
  readArtifact,
  type VectorIndex,
  type VectorMatch,
  type VectorSearchOptions,
  writeArtifact,
} from '@palate/core';
import type * as Hnswlib from 'hnswlib-node';
import { checkAddition, countRows } from './vector-rows.js';

/** Options of {@link HnswIndex.create}. */
export interface HnswIndexOptions {
  /** Links a vector on each level (M). Default 16. */
  readonly links?: number;
  /** Candidates while a vector is placed (efConstruction). Default 200. */
  readonly buildCandidates?: number;
  /** Candidates while searching (ef), at least `k`; more find more and take longer. Default 100. */
  readonly searchCandidates?: number;
  /** Draws the levels of the vectors. Default 0. */
  readonly seed?: number;
  /** The library, where it is not to be imported by name. */
  readonly library?: typeof Hnswlib;
}

interface Config {
  readonly width: number;
  readonly links: number;
  readonly buildCandidates: number;
  readonly searchCandidates: number;
  readonly seed: number;
}

const KIND = 'hnsw-index';
const GRAPH = 'graph.hnsw';
const LABELS = 'labels.json';

async function importLibrary(): Promise<typeof Hnswlib> {
  try {
    const module = await import('hnswlib-node');
    // A CommonJS module: its exports are on the default export.
    return (module as unknown as { default?: typeof Hnswlib }).default ?? module;
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
  readonly #graph: Hnswlib.HierarchicalNSW;
  readonly #labels = new Map<string, number>();
  /** Id of each label; none where the label was removed. */
  readonly #ids: (string | undefined)[];
  readonly #free: number[] = [];

  private constructor(config: Config, graph: Hnswlib.HierarchicalNSW, ids: (string | undefined)[]) {
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
    checkOptions('HnswIndex.create', options, [
      'links',
      'buildCandidates',
      'searchCandidates',
      'seed',
      'library',
    ]);
    const whole = (name: string, value: number | undefined, fallback: number, min: number): number =>
      checkNumber(name, value ?? fallback, { min, integer: true });
    const config: Config = {
      width: checkNumber('width', width, { min: 1, integer: true }),
      links: whole('links', options.links, 16, 2),
      buildCandidates: whole('buildCandidates', options.buildCandidates, 200, 1),
      searchCandidates: whole('searchCandidates', options.searchCandidates, 100, 1),
      seed: whole('seed', options.seed, 0, 0),
    };
    const library = options.library ?? (await importLibrary());
    const graph = new library.HierarchicalNSW('ip', config.width);
    graph.initIndex({
      maxElements: 1024,
      m: config.links,
      efConstruction: config.buildCandidates,
      randomSeed: config.seed,
    });
    return new HnswIndex(config, graph, []);
  }

  get size(): number {
    return this.#labels.size;
  }

  async add(ids: readonly string[], vectors: Float32Array): Promise<void> {
    checkAddition(ids, vectors, this.width);
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
    const count = countRows(queries, this.width, 'queries');
    return Array.from({ length: count }, (_, q) =>
      this.#nearest(Array.from(queries.subarray(q * this.width, (q + 1) * this.width)), k, options.filter),
    );
  }

  #nearest(query: number[], k: number, filter?: (id: string) => boolean): VectorMatch[] {
    const wanted = Math.min(k, this.size);
    if (wanted === 0) return [];
    const accepts = filter ? (label: number) => filter(this.#ids[label] as string) : undefined;
    // A strict filter, or many removals, can leave a search with too little: it looks further then.
    for (let candidates = Math.max(this.#config.searchCandidates, wanted); ; candidates *= 4) {
      this.#graph.setEf(candidates);
      const { neighbors, distances } = this.#graph.searchKnn(query, wanted, accepts);
      if (neighbors.length < wanted && candidates < this.#ids.length) continue;
      return neighbors
        .map((label, at) => ({ id: this.#ids[label] as string, score: 1 - (distances[at] as number) }))
        .sort((a, b) => b.score - a.score);
    }
  }

  async save(dir: string): Promise<void> {
    // The library writes to paths only.
    const path = join(tmpdir(), `palate-hnsw-${process.pid}-${randomBytes(6).toString('hex')}`);
    try {
      await this.#graph.writeIndex(path);
      await writeArtifact(dir, {
        kind: KIND,
        version: 1,
        config: this.#config,
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
    const artifact = await readArtifact(dir, KIND, 1);
    const config = artifact.manifest.config as Config;
    try {
      const ids = (
        JSON.parse(Buffer.from(artifact.files[LABELS] ?? []).toString('utf8')) as (string | null)[]
      ).map((id) => id ?? undefined);
      const graph = new library.HierarchicalNSW('ip', config.width);
      await graph.readIndex(join(dir, GRAPH));
      return new HnswIndex(config, graph, ids);
    } catch (cause) {
      throw new ArtifactError(dir, {
        expected: 'a graph of hnswlib and its labels',
        received: (cause as Error).message,
        hint: 'Build the index again.',
        cause,
      });
    }
  }
}
