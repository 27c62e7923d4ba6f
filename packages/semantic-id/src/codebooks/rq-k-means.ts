import {
  checkSavedShapes,
  defineOptions,
  type EmbeddingTable,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  RandomStream,
  yieldToEventLoop,
} from '@palate/core';
import { CODE_SHAPE, MINIMUM_USAGE, rowsOf, SAVED_WIDTH } from './check-vectors.js';
import { checkUsage } from './code-usage.js';
import type { Codebook, CodebookParts } from './codebook.js';
import { kMeans } from './k-means.js';
import { nearestCodes, subtractCentres } from './nearest-code.js';

/** Options of {@link RqKMeans.fit}. */
export const RQ_K_MEANS = defineOptions('RqKMeans.fit', {
  ...CODE_SHAPE,
  iterations: option.integer({ min: 1 })({ default: 50, doc: 'most k-means iterations per level' }),
  minimumUsage: MINIMUM_USAGE,
});

/** Options of {@link RqKMeans.fit}; {@link RQ_K_MEANS} says what each does. */
export type RqKMeansOptions = OptionsOf<typeof RQ_K_MEANS.declarations> & LongCallOptions;

const SAVED = defineOptions('RqKMeans', { ...CODE_SHAPE, width: SAVED_WIDTH });

/**
 * Residual k-means: the first level clusters the vectors, each next one what the levels before it left over. No
 * gradients, and codes of even use.
 */
export class RqKMeans implements Codebook {
  readonly kind = 'rq-k-means';
  readonly levels: number;
  readonly size: number;
  readonly width: number;
  readonly provenance: Provenance;
  /** Centres of each level, row-major `size` x `width`. */
  readonly #centres: readonly Float32Array[];

  private constructor(width: number, size: number, centres: readonly Float32Array[], provenance: Provenance) {
    this.provenance = provenance;
    this.width = width;
    this.size = size;
    this.levels = centres.length;
    this.#centres = centres;
  }

  /**
   * @throws CodebookCollapseError if too few codes are used
   * @throws InvalidInputError for unknown options
   */
  static async fit(table: EmbeddingTable, options: RqKMeansOptions = {}): Promise<RqKMeans> {
    const { levels, size, iterations, minimumUsage: minimum } = RQ_K_MEANS.settings(options);
    const random = new RandomStream(options.seed ?? 0).fork('rq-k-means');
    const rows = rowsOf(table.data, table.width);
    const residual = table.data.slice();
    const codes = new Int32Array(rows * levels);
    const centres: Float32Array[] = [];
    for (let level = 0; level < levels; level++) {
      await yieldToEventLoop(options.signal, 'fitting residual k-means');
      const found = kMeans(residual, table.width, size, iterations, random.fork(`level ${level}`));
      centres.push(found.centres);
      for (let row = 0; row < rows; row++) codes[row * levels + level] = found.codes[row]!;
      subtractCentres(residual, found.centres, found.codes, table.width);
      options.onProgress?.({ phase: 'fit residual k-means', done: level + 1, total: levels });
    }
    checkUsage(codes, levels, size, minimum);
    return new RqKMeans(table.width, size, centres, table.provenance);
  }

  async encode(vectors: Float32Array): Promise<Int32Array> {
    const rows = rowsOf(vectors, this.width);
    const codes = new Int32Array(rows * this.levels);
    const residual = vectors.slice();
    for (const [level, centres] of this.#centres.entries()) {
      if (rows === 0) break;
      const found = nearestCodes(residual, centres, this.width).codes;
      for (let row = 0; row < rows; row++) codes[row * this.levels + level] = found[row]!;
      subtractCentres(residual, centres, found, this.width);
    }
    return codes;
  }

  async parts(): Promise<CodebookParts> {
    return {
      provenance: this.provenance,
      config: { width: this.width, size: this.size, levels: this.levels },
      tensors: Object.fromEntries(
        this.#centres.map((values, level) => [
          `codebook-${level + 1}`,
          { shape: [this.size, this.width], values },
        ]),
      ),
    };
  }

  /** Rebuilds what {@link RqKMeans.parts} gave. */
  static from({ config, tensors, provenance }: CodebookParts): RqKMeans {
    const { width, size, levels } = SAVED.restored('the codebook', config);
    checkSavedShapes(
      'the codebook',
      tensors,
      Object.fromEntries(
        Array.from({ length: levels }, (_, level) => [`codebook-${level + 1}`, [size, width]]),
      ),
    );
    return new RqKMeans(
      width,
      size,
      Array.from({ length: levels }, (_, level) => tensors[`codebook-${level + 1}`]?.values as Float32Array),
      provenance,
    );
  }
}
