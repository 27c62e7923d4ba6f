import { EmbeddingTable, type IdMap, type Provenance, type TextEncoder } from '@palate/core';

/** Vectors of texts, by dense index. */
export interface KnownVectors {
  readonly texts: readonly string[];
  readonly table: EmbeddingTable;
}

/** Vectors of texts of which some are known: only those that are new or have changed are encoded. */
export async function extendedVectors(
  known: KnownVectors,
  texts: readonly string[],
  items: IdMap,
  encoder: () => Promise<TextEncoder>,
  provenance: Provenance,
): Promise<EmbeddingTable> {
  const { width, data: before } = known.table;
  const data = new Float32Array(items.size * width);
  const missing: number[] = [];
  for (const [item, text] of texts.entries())
    if (item < known.texts.length && known.texts[item] === text)
      data.set(before.subarray(item * width, (item + 1) * width), item * width);
    else missing.push(item);
  if (missing.length > 0) {
    const fresh = await (await encoder()).encode(missing.map((item) => texts[item] ?? ''));
    for (const [k, item] of missing.entries())
      data.set(fresh.data.subarray(k * width, (k + 1) * width), item * width);
  }
  return new EmbeddingTable(items, width, data, provenance);
}
