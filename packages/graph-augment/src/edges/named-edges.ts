import { type IdMap, ItemEdges, type Provenance } from '@palate/core';
import type { NamedEdge } from '../graph/interchange.js';
import type { ItemRelation } from '../graph/relation-graph.js';

/** Relations that were read, and edges that name no known item. */
export interface ReadRelations {
  readonly relations: readonly ItemRelation[];
  /** Edges left out since an end is no item of the map: users, values and items that are not sold any more. */
  readonly skipped: number;
}

/**
 * Turns named edges (of a list or of graphology) into relations between items: an end is an item by its id, or by
 * `item:ID`. Edges whose ends are not both items are counted and left out; so are those of an item with itself.
 *
 * @param provenance - what the edges know of interactions
 */
export function itemRelations(
  edges: Iterable<NamedEdge>,
  items: IdMap,
  provenance: Provenance,
): ReadRelations {
  const found = new Map<string, { source: number[]; target: number[] }>();
  const itemOf = (name: string): number | undefined =>
    (name.startsWith('item:') ? items.find(name.slice(5)) : undefined) ?? items.find(name);
  let skipped = 0;
  for (const { head, relation, tail } of edges) {
    const [source, target] = [itemOf(head), itemOf(tail)];
    if (source === undefined || target === undefined || source === target) {
      skipped++;
      continue;
    }
    const own = found.get(relation) ?? { source: [], target: [] };
    found.set(relation, own);
    own.source.push(source);
    own.target.push(target);
  }
  return {
    relations: Array.from(found, ([name, pairs]) => ({
      name,
      edges: ItemEdges.fromPairs(items, pairs, provenance),
    })),
    skipped,
  };
}
