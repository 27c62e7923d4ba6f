import { EmbeddingTable, IdMap, madeFrom, UNKNOWN, WORLD } from '@palate/core';
import { expect, it } from 'vitest';
import { joinVectors, reduceVectors } from '../../src/index.js';

it('centres each table and gives it the norm of its weight, whatever its scale was', () => {
  const ids = new IdMap(['a', 'b']);
  const { data, width } = joinVectors([
    { table: new EmbeddingTable(ids, 1, Float32Array.of(101, 99)) },
    { table: new EmbeddingTable(new IdMap(['b', 'a']), 2, Float32Array.of(0, 4e-3, 0, 0)), weight: 2 },
  ]);
  expect(width).toBe(3);
  // Means 100 and (0, 0.002): what is left is ±1 and ±0.002, brought to norms of 1 and 2.
  expect([...data]).toEqual([1, 0, expect.closeTo(-2, 5), -1, 0, expect.closeTo(2, 5)]);
  expect(() => joinVectors([])).toThrow(/table/);
});

it('knows of interactions what any of its tables knows, reduced or not', () => {
  const ids = new IdMap(['a', 'b', 'c']);
  const table = new EmbeddingTable(ids, 2, Float32Array.of(1, 2, 3, 5, 8, 1), WORLD);
  const graph = table.withProvenance(madeFrom({ log: 'train' }));
  const joined = joinVectors([{ table }, { table: graph }]);
  expect(joined.provenance).toEqual(madeFrom({ log: 'train' }));
  expect(reduceVectors(joined, { width: 2 }).provenance).toEqual(madeFrom({ log: 'train' }));
  expect(joinVectors([{ table }, { table: table.withProvenance(UNKNOWN) }]).provenance).toEqual(UNKNOWN);
});
