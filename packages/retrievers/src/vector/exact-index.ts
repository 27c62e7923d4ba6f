import {
  ArtifactError,
  checkNumber,
  checkOptions,
  defineOptions,
  itemFiles,
  option,
  readArtifact,
  savedItems,
  type VectorIndex,
  type VectorMatch,
  type VectorSearchOptions,
  writeArtifact,
} from '@palate/core';
import { savedFloats } from '../saved-tensors.js';
import { nearestRows } from './nearest-graph.js';
import { checkAddition, countRows, WIDTH } from './vector-rows.js';

const KIND = 'exact-index';

const SAVED = defineOptions('ExactIndex', {
  width: WIDTH,
  size: option.integer({ min: 0 }).required({ doc: 'how many vectors it holds' }),
});

/** Added to the score of a row that a filter closes: below any inner product of finite vectors in use. */
const CLOSED = -3e38;
/** Scores computed at once. */
const BLOCK = 2 ** 24;

/**
 * Exact vector search: every inner product and the best of them, in one ONNX Runtime graph.
 *
 * Memory: 4 bytes a value. A search costs one pass over all vectors; batches of queries share it.
 */
export class ExactIndex implements VectorIndex {
  readonly width: number;
  #ids: string[] = [];
  readonly #rows = new Map<string, number>();
  /** Rows of `width`; longer than needed while it grows. */
  #vectors: Float32Array = new Float32Array(0);

  /** @param width - width of the vectors */
  constructor(width: number) {
    this.width = WIDTH.check('width', width);
  }

  get size(): number {
    return this.#ids.length;
  }

  async add(ids: readonly string[], vectors: Float32Array): Promise<void> {
    checkAddition(ids, vectors, this.width);
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
    const count = countRows(queries, this.width, 'queries');
    if (this.size === 0 || count === 0) return Array.from({ length: count }, () => []);
    const closed = new Float32Array(this.size);
    const { filter } = options;
    if (filter) for (const [row, id] of this.#ids.entries()) if (!filter(id)) closed[row] = CLOSED;
    const found = Math.min(k, this.size);
    const vectors = this.#vectors.subarray(0, this.size * this.width);
    const matches: VectorMatch[][] = [];
    const block = Math.max(1, Math.floor(BLOCK / this.size));
    for (let from = 0; from < count; from += block) {
      const chunk = queries.subarray(from * this.width, Math.min(count, from + block) * this.width);
      const { scores, rows } = nearestRows(chunk, vectors, closed, this.width, found);
      for (let q = 0; q < chunk.length / this.width; q++) {
        const list: VectorMatch[] = [];
        for (let at = q * found; at < (q + 1) * found; at++) {
          const row = Number(rows[at]);
          if (closed[row] === 0) list.push({ id: this.#ids[row] as string, score: scores[at] as number });
        }
        matches.push(list);
      }
    }
    return matches;
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, {
      kind: KIND,
      version: 1,
      config: { width: this.width, size: this.size },
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
  static async load(dir: string): Promise<ExactIndex> {
    const artifact = await readArtifact(dir, KIND, 1);
    const { width, size } = SAVED.restored(dir, artifact.manifest.config);
    const ids = [...savedItems(dir, artifact)];
    if (ids.length !== size)
      throw new ArtifactError(dir, {
        expected: `${size} ids`,
        received: String(ids.length),
        hint: 'The artifact was changed: restore it, or build the index again.',
      });
    const vectors = savedFloats(dir, artifact.tensors, 'vectors', [size, width]);
    const index = new ExactIndex(width);
    await index.add(ids, vectors);
    return index;
  }
}
