import { InvalidInputError } from '../basics/errors.js';
import type { IdMap } from './id-map.js';
import { type Provenance, UNKNOWN } from './provenance.js';

/**
 * One vector of fixed width for each id of a map: pretrained item vectors, user vectors, encoded texts.
 *
 * @example
 * ```ts
 * const table = new EmbeddingTable(new IdMap(['a', 'b']), 2, Float32Array.of(1, 0, 0, 1), WORLD);
 * table.vector(1); // Float32Array [0, 1]
 * ```
 */
export class EmbeddingTable {
  readonly ids: IdMap;
  readonly width: number;
  /** Row-major, `ids.size` x `width`. */
  readonly data: Float32Array;
  /** Knowledge of interactions in the vectors; evaluation refuses vectors that do not say it. */
  readonly provenance: Provenance;

  /**
   * @param provenance - `WORLD` for vectors of catalogue texts and the like; unknown if left out
   * @throws InvalidInputError if the length of `data` is not `ids.size * width` or a value is not finite
   */
  constructor(ids: IdMap, width: number, data: Float32Array, provenance: Provenance = UNKNOWN) {
    if (!(Number.isInteger(width) && width >= 1) || data.length !== ids.size * width)
      throw new InvalidInputError({
        expected: `${ids.size} rows of a whole positive width`,
        received: `${data.length} values at width ${width}`,
        hint: 'Give one vector of equal width for every id.',
      });
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new InvalidInputError({
        expected: 'finite vectors',
        received: `${data[bad]} in the vector of ${JSON.stringify(ids.idOf(Math.floor(bad / width)))}`,
        hint: 'Check the text that the encoder gets for this id: encode it again, or leave the id out.',
      });
    this.ids = ids;
    this.width = width;
    this.data = data;
    this.provenance = provenance;
  }

  /** The same vectors with a statement of what they know of interactions. */
  withProvenance(provenance: Provenance): EmbeddingTable {
    return new EmbeddingTable(this.ids, this.width, this.data, provenance);
  }

  /** The vector at a dense index: a view, not a copy. */
  vector(index: number): Float32Array {
    this.ids.idOf(index);
    return this.data.subarray(index * this.width, (index + 1) * this.width);
  }

  /**
   * The table in the order of another id map.
   *
   * @throws InvalidInputError naming the first id that has no vector here
   */
  align(ids: IdMap): EmbeddingTable {
    if (ids === this.ids) return this;
    const data = new Float32Array(ids.size * this.width);
    let row = 0;
    for (const id of ids) {
      const index = this.ids.find(id);
      if (index === undefined)
        throw new InvalidInputError({
          expected: `a vector for every ${ids.what}`,
          received: `none for ${JSON.stringify(id)}`,
          hint: 'Encode the missing ids first.',
        });
      data.set(this.vector(index), row * this.width);
      row++;
    }
    return new EmbeddingTable(ids, this.width, data, this.provenance);
  }
}
