import {
  ArtifactError,
  checkNumber,
  checkOptions,
  checkVectorAddition,
  countVectorRows,
  defineOptions,
  itemFiles,
  type OptionsOf,
  option,
  type Provenance,
  readArtifact,
  savedItems,
  savedProvenance,
  UNKNOWN,
  VECTOR_WIDTH,
  type VectorAddOptions,
  type VectorIndex,
  type VectorMatch,
  type VectorSearchOptions,
  WORLD,
  writeArtifact,
  yieldToEventLoop,
} from '@palate/core';
import { COMPUTE, defaultCompute } from '../compute/default-compute.js';
import { type MatrixCompute, rowsPerCall } from '../compute/matrix-compute.js';
import { savedFloats } from '../saved-tensors.js';

const KIND = 'exact-index';
/** 2 says what the vectors know of interactions. */
const VERSION = 2;

const SAVED = defineOptions('ExactIndex', {
  width: VECTOR_WIDTH,
  size: option.integer({ min: 0 }).required({ doc: 'number of vectors' }),
});

/** Options of {@link ExactIndex}. */
export const EXACT = defineOptions('ExactIndex', { compute: COMPUTE });

/** Options of {@link ExactIndex}; {@link EXACT} says what each does. */
export type ExactIndexOptions = OptionsOf<typeof EXACT.declarations>;

/**
 * Exact vector search: every inner product and the best of them.
 *
 * Memory: 4 bytes a value. A search costs one pass over all vectors; batches of queries share it.
 */
export class ExactIndex implements VectorIndex {
  readonly width: number;
  #ids: string[] = [];
  readonly #rows = new Map<string, number>();
  /** Rows of `width`; longer than needed while it grows. */
  #vectors: Float32Array = new Float32Array(0);

  readonly #compute: MatrixCompute | undefined;
  #provenance: Provenance = WORLD;

  /** @param width - width of the vectors */
  constructor(width: number, options: ExactIndexOptions = {}) {
    this.#compute = EXACT.settings(options).compute;
    this.width = VECTOR_WIDTH.check('width', width);
  }

  get size(): number {
    return this.#ids.length;
  }

  get provenance(): Provenance {
    return this.#provenance;
  }

  async add(ids: readonly string[], vectors: Float32Array, options: VectorAddOptions = {}): Promise<void> {
    this.#provenance = checkVectorAddition(ids, vectors, this.width, this.#provenance, options);
    const fresh = ids.filter((id) => !this.#rows.has(id)).length;
    this.#reserve(this.size + fresh);
    for (const [k, id] of ids.entries()) {
      let row = this.#rows.get(id);
      if (row === undefined) {
        row = this.#ids.length;
        this.#ids.push(id);
        this.#rows.set(id, row);
      }
      this.#vectors.set(vectors.subarray(k * this.width, (k + 1) * this.width), row * this.width);
    }
  }

  #reserve(rows: number): void {
    if (rows * this.width <= this.#vectors.length) return;
    const grown = new Float32Array(Math.max(rows, Math.ceil(this.size * 1.5)) * this.width);
    grown.set(this.#vectors.subarray(0, this.size * this.width));
    this.#vectors = grown;
  }

  async remove(ids: readonly string[]): Promise<number> {
    let removed = 0;
    for (const id of ids) {
      const row = this.#rows.get(id);
      if (row === undefined) continue;
      removed++;
      this.#rows.delete(id);
      // The last row takes the place that becomes free.
      const last = this.#ids.length - 1;
      const moved = this.#ids.pop() as string;
      if (row === last) continue;
      this.#vectors.copyWithin(row * this.width, last * this.width, (last + 1) * this.width);
      this.#ids[row] = moved;
      this.#rows.set(moved, row);
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
    const compute = this.#compute ?? (await defaultCompute());
    if (this.size === 0 || count === 0) return Array.from({ length: count }, () => []);
    const rows = rowsPerCall(compute, this.size, this.width);
    const { filter } = options;
    const skip = filter ? Uint8Array.from(this.#ids, (id) => (filter(id) ? 0 : 1)) : undefined;
    let ids: readonly string[] = this.#ids;
    let vectors = this.#vectors.subarray(0, this.size * this.width);
    if (count > rows) {
      // Others have their turn between calls: what they add or remove belongs to the next search.
      ids = [...ids];
      vectors = vectors.slice();
    }
    const matches: VectorMatch[][] = [];
    for (let from = 0; from < count; from += rows) {
      if (from > 0) await yieldToEventLoop(undefined, 'a search');
      const chunk = queries.subarray(from * this.width, Math.min(count, from + rows) * this.width);
      for (const list of compute.nearest(chunk, vectors, this.width, k, skip))
        matches.push(list.map(({ item, score }) => ({ id: ids[item] as string, score })));
    }
    return matches;
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, {
      kind: KIND,
      version: VERSION,
      config: { width: this.width, size: this.size, provenance: this.provenance },
      tensors: {
        vectors: {
          shape: [this.size, this.width],
          values: this.#vectors.slice(0, this.size * this.width),
        },
      },
      files: itemFiles(this.#ids),
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string, options: ExactIndexOptions = {}): Promise<ExactIndex> {
    const artifact = await readArtifact(dir, KIND, VERSION);
    const { provenance, ...settings } = Object(artifact.manifest.config) as Record<string, unknown>;
    const { width, size } = SAVED.restored(dir, settings);
    const ids = [...savedItems(dir, artifact)];
    if (ids.length !== size)
      throw new ArtifactError(dir, {
        expected: `${size} ids`,
        received: String(ids.length),
        hint: 'The artifact was changed: restore it, or build the index again.',
      });
    const vectors = savedFloats(dir, artifact.tensors, 'vectors', [size, width]);
    const index = new ExactIndex(width, options);
    await index.add(ids, vectors);
    index.#provenance = savedProvenance(dir, provenance) ?? UNKNOWN;
    return index;
  }
}
