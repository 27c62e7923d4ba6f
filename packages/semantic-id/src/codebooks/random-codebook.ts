import { createHash } from 'node:crypto';
import { checkNumber, checkOptions, type EmbeddingTable, RandomStream } from '@palate/core';
import { type CodeShape, codeShape, rowsOf } from './check-vectors.js';
import type { Codebook, CodebookParts } from './codebook.js';

/** Options of {@link RandomCodebook.fit}. */
export interface RandomCodebookOptions extends CodeShape {
  readonly seed?: number;
}

/** Random codes (the ablation of TIGER): drawn by a hash of the vector, so that they say nothing about it. */
export class RandomCodebook implements Codebook {
  readonly kind = 'random';
  readonly levels: number;
  readonly size: number;
  readonly width: number;
  readonly #seed: number;

  private constructor(levels: number, size: number, width: number, seed: number) {
    this.levels = levels;
    this.size = size;
    this.width = width;
    this.#seed = seed;
  }

  static async fit(table: EmbeddingTable, options: RandomCodebookOptions = {}): Promise<RandomCodebook> {
    checkOptions('RandomCodebook.fit', options, ['levels', 'size', 'seed']);
    const { levels, size } = codeShape(options);
    const seed = checkNumber('seed', options.seed ?? 0, { integer: true });
    return new RandomCodebook(levels, size, table.width, seed);
  }

  async encode(vectors: Float32Array): Promise<Int32Array> {
    const rows = rowsOf(vectors, this.width);
    const codes = new Int32Array(rows * this.levels);
    const base = new RandomStream(this.#seed);
    for (let row = 0; row < rows; row++) {
      const own = vectors.slice(row * this.width, (row + 1) * this.width);
      const hash = createHash('sha256').update(new Uint8Array(own.buffer)).digest('hex');
      const random = base.fork(hash);
      for (let level = 0; level < this.levels; level++)
        codes[row * this.levels + level] = random.integer(this.size);
    }
    return codes;
  }

  async parts(): Promise<CodebookParts> {
    const { levels, size, width } = this;
    return { config: { levels, size, width, seed: this.#seed }, tensors: {} };
  }

  /** Rebuilds what {@link RandomCodebook.parts} gave. */
  static from({ config }: CodebookParts): RandomCodebook {
    const { levels, size, width, seed } = config as Record<'levels' | 'size' | 'width' | 'seed', number>;
    return new RandomCodebook(levels, size, width, seed);
  }
}
