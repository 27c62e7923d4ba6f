import { InvalidInputError } from '../basics/errors.js';
import { checkOptions } from '../basics/options.js';
import { joinProvenance, type Provenance, readProvenance, UNKNOWN } from '../data/provenance.js';
import { option } from '../settings/option-declarations.js';
import type { VectorAddOptions } from './vector-index.js';

/** Width of the vectors of an index. */
export const VECTOR_WIDTH = option
  .integer({ min: 1, max: 1_000_000 })
  .required({ doc: 'width of the vectors' });

/**
 * Checks a block of vectors.
 *
 * @returns how many rows it holds
 * @throws InvalidInputError if its length is no multiple of the width, or a value is not finite
 */
export function countVectorRows(vectors: Float32Array, width: number, what: string): number {
  if (vectors.length % width !== 0)
    throw new InvalidInputError({
      expected: `${what} in rows of ${width}`,
      received: `${vectors.length} values`,
      hint: 'Give whole rows of the width of the index.',
    });
  const bad = vectors.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new InvalidInputError({
      expected: `finite ${what}`,
      received: `${vectors[bad]} in row ${Math.floor(bad / width)}`,
      hint: 'Check the text that the encoder gets for this row: encode it again, or leave the row out.',
    });
  return vectors.length / width;
}

/**
 * Checks vectors to be added against their ids: one row an id, no id twice.
 *
 * @param before - what an index knows of interactions
 * @returns what it knows with these vectors
 */
export function checkVectorAddition(
  ids: readonly string[],
  vectors: Float32Array,
  width: number,
  before: Provenance,
  options: VectorAddOptions,
): Provenance {
  checkOptions('add', options, ['provenance']);
  const rows = countVectorRows(vectors, width, 'vectors');
  if (rows !== ids.length)
    throw new InvalidInputError({
      expected: `one row for each of ${ids.length} ids`,
      received: `${rows} rows`,
      hint: 'Give ids and rows of one length.',
    });
  if (new Set(ids).size !== ids.length)
    throw new InvalidInputError({
      expected: 'every id once',
      received: JSON.stringify(ids.find((id, k) => ids.indexOf(id) !== k)),
      hint: 'Leave out what is repeated.',
    });
  const { provenance = UNKNOWN } = options;
  if (ids.length === 0 || provenance === before) return before;
  const added = readProvenance(provenance);
  return before.kind === 'world' ? added : joinProvenance([before, added]);
}
