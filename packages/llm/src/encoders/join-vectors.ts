import { checkNumber, EmbeddingTable, InvalidInputError, joinProvenance } from '@palate/core';

/** A table with the weight that its vectors have beside others. */
export interface WeightedVectors {
  readonly table: EmbeddingTable;
  /** Default 1. */
  readonly weight?: number | undefined;
}

/**
 * Puts vectors of several origins side by side, for example those of texts and those of a recommender: each table is
 * centred and brought to a mean square norm of its squared weight, so that none drowns the others by its scale.
 *
 * @param tables - all with the ids of the first
 * @throws InvalidInputError if there is no table, or an id has no vector
 */
export function joinVectors(tables: readonly WeightedVectors[]): EmbeddingTable {
  const [first] = tables;
  if (!first)
    throw new InvalidInputError({
      expected: 'at least one table of vectors',
      received: 'none',
      hint: 'Pass at least one table with its weight.',
    });
  const { ids } = first.table;
  const width = tables.reduce((sum, { table }) => sum + table.width, 0);
  const joined = new Float32Array(ids.size * width);
  let column = 0;
  for (const { table, weight = 1 } of tables) {
    checkNumber('weight', weight, { min: 0 });
    const { data, width: own } = table.align(ids);
    const mean = new Float64Array(own);
    for (let at = 0; at < data.length; at++) mean[at % own]! += data[at]! / Math.max(1, ids.size);
    let square = 0;
    for (let at = 0; at < data.length; at++) square += (data[at]! - mean[at % own]!) ** 2;
    const scale = square > 0 ? weight / Math.sqrt(square / ids.size) : 0;
    for (let row = 0; row < ids.size; row++)
      for (let k = 0; k < own; k++)
        joined[row * width + column + k] = (data[row * own + k]! - mean[k]!) * scale;
    column += own;
  }
  return new EmbeddingTable(ids, width, joined, joinProvenance(tables.map(({ table }) => table.provenance)));
}
