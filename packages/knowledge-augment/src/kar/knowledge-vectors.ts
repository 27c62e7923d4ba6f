import {
  EmbeddingTable,
  type IdMap,
  joinProvenance,
  type KnowledgeEntry,
  type LongCallOptions,
  type Provenance,
  provenanceOf,
  type TextEncoder,
} from '@palate/core';

/** Vectors of texts about entities, prestored: serving needs neither the language model nor the encoder. */
export interface KnowledgeVectors {
  /** One row an entity of the id map; zeros where there is no text. */
  readonly table: EmbeddingTable;
  /** 1 for entities with a text. */
  readonly known: Uint8Array;
  /** Texts that the encoder cut. */
  readonly truncated: number;
}

/**
 * Encodes texts once for all entities of an id map; texts about others are left out, and of several about one entity
 * the last counts. The table knows of interactions what its texts know.
 */
export async function encodeKnowledge(
  entries: Iterable<KnowledgeEntry> | AsyncIterable<KnowledgeEntry>,
  ids: IdMap,
  encoder: TextEncoder,
  options: LongCallOptions = {},
): Promise<KnowledgeVectors> {
  const texts = new Map<number, string>();
  const notes = new Map<number, Provenance>();
  for await (const entry of entries) {
    const index = ids.find(entry.entity);
    if (index === undefined) continue;
    texts.set(index, entry.text);
    notes.set(index, provenanceOf(entry));
  }
  const indexes = [...texts.keys()];
  const { data, width, truncated } = await encoder.encode([...texts.values()], options);
  const rows = new Float32Array(ids.size * width);
  const known = new Uint8Array(ids.size);
  for (const [k, index] of indexes.entries()) {
    rows.set(data.subarray(k * width, (k + 1) * width), index * width);
    known[index] = 1;
  }
  return { table: new EmbeddingTable(ids, width, rows, joinProvenance(notes.values())), known, truncated };
}
