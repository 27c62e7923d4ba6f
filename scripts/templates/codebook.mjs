// A codebook that works: each code says between which quantiles a random projection of the vector falls.

/** The source of a new codebook. */
export const codebook = ({ file, type, constant }) => `import {
  checkSavedShapes,
  defineOptions,
  type EmbeddingTable,
  type LongCallOptions,
  type OptionsOf,
  type Provenance,
  RandomStream,
} from '@palate/core';
import { CODE_SHAPE, rowsOf, SAVED_WIDTH } from './check-vectors.js';
import type { Codebook, CodebookParts } from './codebook.js';

/** Options of {@link ${type}.fit}. */
export const ${constant} = defineOptions('${type}.fit', CODE_SHAPE);

/** Options of {@link ${type}.fit}; {@link ${constant}} says what each does. */
export type ${type}Options = OptionsOf<typeof ${constant}.declarations> & LongCallOptions;

const SAVED = defineOptions('${type}', { ...CODE_SHAPE, width: SAVED_WIDTH });

/**
 * Codes by the quantiles of random projections. (Say here what the method is, its source and formula, and what fitting
 * costs.)
 */
export class ${type} implements Codebook {
  readonly kind = '${file}';
  readonly levels: number;
  readonly size: number;
  readonly width: number;
  readonly provenance: Provenance;
  /** Row-major, \`levels\` x \`width\`. */
  readonly #directions: Float32Array;
  /** Row-major, \`levels\` x \`size - 1\`, rising: a projection above the k-th bound has a code of at least k + 1. */
  readonly #bounds: Float32Array;

  private constructor(
    { levels, size, width }: { levels: number; size: number; width: number },
    directions: Float32Array,
    bounds: Float32Array,
    provenance: Provenance,
  ) {
    this.levels = levels;
    this.size = size;
    this.width = width;
    this.#directions = directions;
    this.#bounds = bounds;
    this.provenance = provenance;
  }

  /** Draws the directions and finds the quantiles of the vectors along each. */
  static async fit(table: EmbeddingTable, options: ${type}Options = {}): Promise<${type}> {
    const { levels, size } = ${constant}.settings(options);
    const { width, data } = table;
    const random = new RandomStream(options.seed ?? 0).fork('${file}');
    const directions = Float32Array.from({ length: levels * width }, () => random.normal());
    const bounds = new Float32Array(levels * (size - 1));
    const rows = rowsOf(data, width);
    for (let level = 0; level < levels; level++) {
      const along = Float32Array.from({ length: rows }, (_, row) =>
        project(data, row, directions, level, width),
      ).sort();
      for (let k = 1; k < size; k++)
        bounds[level * (size - 1) + k - 1] = along[Math.floor((k * rows) / size)] ?? 0;
    }
    return new ${type}({ levels, size, width }, directions, bounds, table.provenance);
  }

  async encode(vectors: Float32Array): Promise<Int32Array> {
    const rows = rowsOf(vectors, this.width);
    const codes = new Int32Array(rows * this.levels);
    for (let row = 0; row < rows; row++)
      for (let level = 0; level < this.levels; level++) {
        const value = project(vectors, row, this.#directions, level, this.width);
        let code = 0;
        while (code < this.size - 1 && value >= this.#bounds[level * (this.size - 1) + code]!) code++;
        codes[row * this.levels + level] = code;
      }
    return codes;
  }

  async parts(): Promise<CodebookParts> {
    const { levels, size, width, provenance } = this;
    return {
      provenance,
      config: { levels, size, width },
      tensors: {
        directions: { shape: [levels, width], values: this.#directions },
        bounds: { shape: [levels, size - 1], values: this.#bounds },
      },
    };
  }

  /** Rebuilds what {@link ${type}.parts} gave. */
  static from({ config, tensors, provenance }: CodebookParts): ${type} {
    const shape = SAVED.restored('the codebook', config);
    const { levels, size, width } = shape;
    checkSavedShapes('the codebook', tensors, { directions: [levels, width], bounds: [levels, size - 1] });
    return new ${type}(
      shape,
      tensors.directions?.values as Float32Array,
      tensors.bounds?.values as Float32Array,
      provenance,
    );
  }
}

/** Inner product of a row of vectors with the direction of a level. */
function project(
  vectors: Float32Array,
  row: number,
  directions: Float32Array,
  level: number,
  width: number,
): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += vectors[row * width + k]! * directions[level * width + k]!;
  return Math.fround(sum);
}
`;

/** The test of a new codebook. */
export const codebookTest = ({
  type,
  file,
}) => `import { EmbeddingTable, IdMap, RandomStream, WORLD } from '@palate/core';
import { describe, expect, test } from 'vitest';
import { CODEBOOKS } from '../../src/codebooks/codebooks.js';
import { ${type} } from '../../src/codebooks/${file}.js';

const random = new RandomStream(1);
const ids = new IdMap(Array.from({ length: 64 }, (_, k) => \`i\${k}\`));
const table = new EmbeddingTable(
  ids,
  8,
  Float32Array.from({ length: 64 * 8 }, () => random.normal()),
  WORLD,
);

describe('${type}', () => {
  test('gives every vector codes within range, the same for the same vector and seed', async () => {
    const options = { levels: 3, size: 4, seed: 7 };
    const fitted = await ${type}.fit(table, options);
    const codes = await fitted.encode(table.data);
    expect(codes).toHaveLength(64 * 3);
    expect(codes.every((code) => code >= 0 && code < 4)).toBe(true);
    expect(await (await ${type}.fit(table, options)).encode(table.data)).toEqual(codes);
    // Alone a vector has the codes that it has among others.
    expect(await fitted.encode(table.data.subarray(8, 16))).toEqual(codes.subarray(3, 6));
  });

  test('comes back from its parts by its kind', async () => {
    const fitted = await ${type}.fit(table, { levels: 2, size: 4 });
    const rebuilt = await CODEBOOKS[fitted.kind].from(await fitted.parts());
    expect(await rebuilt.encode(table.data)).toEqual(await fitted.encode(table.data));
    expect(rebuilt.provenance).toEqual(WORLD);
  });

  test('refuses vectors of another width, and those that are not finite', async () => {
    const fitted = await ${type}.fit(table, { levels: 2, size: 4 });
    await expect(fitted.encode(new Float32Array(7))).rejects.toThrow('rows of 8');
    await expect(fitted.encode(new Float32Array(8).fill(Number.NaN))).rejects.toThrow('NaN in row 0');
  });
});
`;
