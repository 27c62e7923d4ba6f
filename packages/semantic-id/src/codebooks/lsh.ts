import {
  checkSavedShapes,
  defineOptions,
  type EmbeddingTable,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  type Provenance,
  RandomStream,
} from '@palate/core';
import { CODE_SHAPE, rowsOf, SAVED_WIDTH } from './check-vectors.js';
import type { Codebook, CodebookParts } from './codebook.js';

/** Options of {@link LshCodebook.fit}. */
export const LSH = defineOptions('LshCodebook.fit', CODE_SHAPE);

/** Options of {@link LshCodebook.fit}; {@link LSH} says what each does. */
export type LshOptions = OptionsOf<typeof LSH.declarations> & LongCallOptions;

const SAVED = defineOptions('LshCodebook', { ...CODE_SHAPE, width: SAVED_WIDTH });

/**
 * Locality-sensitive hashing (the ablation of TIGER): each code is the side of `log2(size)` random hyperplanes through
 * the mean on which a vector lies, written as a binary number.
 */
export class LshCodebook implements Codebook {
  readonly kind = 'lsh';
  readonly levels: number;
  readonly size: number;
  readonly width: number;
  readonly provenance: Provenance;
  readonly #bits: number;
  /** Normals of the planes, row-major: `levels * bits` x `width`. */
  readonly #planes: Float32Array;
  readonly #mean: Float32Array;

  private constructor(
    levels: number,
    size: number,
    planes: Float32Array,
    mean: Float32Array,
    provenance: Provenance,
  ) {
    this.provenance = provenance;
    this.levels = levels;
    this.size = size;
    this.width = mean.length;
    this.#bits = Math.log2(size);
    this.#planes = planes;
    this.#mean = mean;
  }

  /** @throws InvalidInputError if `size` is no power of two */
  static async fit(table: EmbeddingTable, options: LshOptions = {}): Promise<LshCodebook> {
    const { levels, size } = LSH.settings(options);
    const bits = Math.log2(size);
    if (!Number.isInteger(bits))
      throw new InvalidInputError({
        expected: 'a power of two as size',
        received: String(size),
        hint: 'Every hyperplane doubles the codes: use 256 for eight of them.',
      });
    const random = new RandomStream(options.seed ?? 0).fork('lsh');
    const mean = new Float32Array(table.width);
    for (let at = 0; at < table.data.length; at++)
      mean[at % table.width]! += table.data[at]! / Math.max(1, table.ids.size);
    const planes = Float32Array.from({ length: levels * bits * table.width }, () => random.normal());
    return new LshCodebook(levels, size, planes, mean, table.provenance);
  }

  async encode(vectors: Float32Array): Promise<Int32Array> {
    const rows = rowsOf(vectors, this.width);
    const codes = new Int32Array(rows * this.levels);
    for (let row = 0; row < rows; row++)
      for (let plane = 0; plane < this.levels * this.#bits; plane++) {
        let side = 0;
        for (let k = 0; k < this.width; k++)
          side += this.#planes[plane * this.width + k]! * (vectors[row * this.width + k]! - this.#mean[k]!);
        const at = row * this.levels + Math.floor(plane / this.#bits);
        codes[at] = codes[at]! * 2 + (side > 0 ? 1 : 0);
      }
    return codes;
  }

  async parts(): Promise<CodebookParts> {
    return {
      provenance: this.provenance,
      config: { levels: this.levels, size: this.size, width: this.width },
      tensors: {
        planes: { shape: [this.levels * this.#bits, this.width], values: this.#planes },
        mean: { shape: [this.width], values: this.#mean },
      },
    };
  }

  /** Rebuilds what {@link LshCodebook.parts} gave. */
  static from({ config, tensors, provenance }: CodebookParts): LshCodebook {
    const { levels, size, width } = SAVED.restored('the codebook', config);
    checkSavedShapes('the codebook', tensors, { planes: [levels * Math.log2(size), width], mean: [width] });
    return new LshCodebook(
      levels,
      size,
      tensors.planes?.values as Float32Array,
      tensors.mean?.values as Float32Array,
      provenance,
    );
  }
}
