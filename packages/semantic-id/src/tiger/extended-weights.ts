import { InvalidInputError, type TensorData } from '@palate/core';
import type { Parameters } from '@palate/nn';
import type { SemanticIds } from '../ids/semantic-ids.js';

/**
 * Finds the row of each item of `ids` in a larger table of IDs.
 *
 * @throws InvalidInputError if an item lacks an ID there or has another one, or the codebook is of another size
 */
export function rowsIn(larger: SemanticIds, ids: SemanticIds): Int32Array {
  const { depth, size } = ids;
  const rows = Int32Array.from(ids.items, (id) => larger.items.find(id) ?? -1);
  const changed = rows.findIndex((row, own) => row < 0 || larger.tuple(row).join() !== ids.tuple(own).join());
  if (larger.depth !== depth || larger.size !== size || changed >= 0)
    throw new InvalidInputError({
      expected: `IDs of ${depth} codes below ${size} that keep those of the model's ${ids.items.size} items`,
      received:
        changed < 0
          ? `IDs of ${larger.depth} codes below ${larger.size}`
          : `a different ID of ${JSON.stringify(ids.items.idOf(changed))}, or none`,
      hint: 'Use the result of extend on the IDs that the model was fitted with.',
    });
  return rows;
}

/**
 * Weights of a model for the IDs of a larger table: tables of vectors of nodes get zeros, as before training, for those
 * that are new.
 *
 * @param rows - of {@link rowsIn}
 */
export async function extendedWeights(
  from: Parameters,
  to: Parameters,
  ids: SemanticIds,
  larger: SemanticIds,
  rows: Int32Array,
): Promise<Record<string, TensorData>> {
  const { depth } = ids;
  const nodes = new Int32Array(ids.trie.nodeCount);
  for (const [own, at] of rows.entries())
    for (let level = 0; level < depth; level++)
      nodes[ids.trie.path[own * depth + level]!] = larger.trie.path[at * depth + level]!;
  const moved = Object.entries(await from.values()).map(([name, tensor]) => {
    const count = to.get(name).shape[0] as number;
    return [name, count === tensor.shape[0] ? tensor : movedRows(tensor, nodes, count)] as const;
  });
  return Object.fromEntries(moved);
}

/** A table of `rows` vectors that holds row `k` of `table` at `nodes[k]`, and zeros elsewhere. */
function movedRows({ shape, values }: TensorData, nodes: Int32Array, rows: number): TensorData {
  const width = shape[1] as number;
  const moved = new Float32Array(rows * width);
  for (let row = 0; row < (shape[0] as number); row++)
    moved.set(values.subarray(row * width, (row + 1) * width) as Float32Array, nodes[row]! * width);
  return { shape: [rows, width], values: moved };
}
