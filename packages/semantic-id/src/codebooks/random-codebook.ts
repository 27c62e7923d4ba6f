import { createHash } from 'node:crypto';
import {
  defineOptions,
  type EmbeddingTable,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  RandomStream,
} from '@palate/core';
import { CODE_SHAPE, rowsOf, SAVED_WIDTH } from './check-vectors.js';
import type { Codebook, CodebookParts } from './codebook.js';

/** Options of {@link RandomCodebook.fit}. */
export const RANDOM_CODES = defineOptions('RandomCodebook.fit', CODE_SHAPE);

/** Options of {@link RandomCodebook.fit}; {@link RANDOM_CODES} says what each does. */
export type RandomCodebookOptions = OptionsOf<typeof RANDOM_CODES.declarations> & LongCallOptions;

const SAVED = defineOptions('RandomCodebook', {
  ...CODE_SHAPE,
  width: SAVED_WIDTH,
  seed: option.integer().required({ doc: 'draws the codes' }),
});

/** Random codes (the ablation of TIGER): drawn by a hash of the vector, so that they say nothing about it. */
export class RandomCodebook implements Codebook {
  readonly kind = 'random';
  readonly levels: number;
  readonly size: number;
  readonly width: number;
  readonly provenance: Provenance;
  readonly #seed: number;

  private constructor(levels: number, size: number, width: number, seed: number, provenance: Provenance) {
    this.provenance = provenance;
    this.levels = levels;
    this.size = size;
    this.width = width;
    this.#seed = seed;
  }

  static async fit(table: EmbeddingTable, options: RandomCodebookOptions = {}): Promise<RandomCodebook> {
    const { levels, size } = RANDOM_CODES.settings(options);
    const seed = options.seed ?? 0;
    return new RandomCodebook(levels, size, table.width, seed, table.provenance);
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
    const { levels, size, width, provenance } = this;
    return { config: { levels, size, width, seed: this.#seed }, provenance, tensors: {} };
  }

  /** Rebuilds what {@link RandomCodebook.parts} gave. */
  static from({ config, provenance }: CodebookParts): RandomCodebook {
    const { levels, size, width, seed } = SAVED.restored('the codebook', config);
    return new RandomCodebook(levels, size, width, seed, provenance);
  }
}
