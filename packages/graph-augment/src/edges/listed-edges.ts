import { type Catalog, ItemEdges, type Provenance, UNKNOWN, unknownName } from '@palate/core';
import type { ItemRelation } from '../graph/relation-graph.js';

/**
 * Makes edges from lists of item ids in a catalogue ("also viewed", "bought together", "part of the series"). Ids that
 * are not of the catalogue are left out.
 *
 * @param name - the attribute with the lists, and the name of the relation
 * @param provenance - what the lists know of interactions: lists that a shop made of its visits know its visits, those of the test
 * among them unless it says until when. What the catalogue says of the attribute if left out, or unknown, which evaluation refuses; `WORLD` is right for series and parts
 * @throws InvalidInputError if the catalogue has no such attribute
 */
export function listedEdges(
  catalog: Catalog,
  name: string,
  provenance: Provenance = catalog.provenance[name] ?? UNKNOWN,
): ItemRelation {
  const column = catalog.attributes[name];
  if (!column) throw unknownName('an attribute of the catalogue', name, Object.keys(catalog.attributes));
  const source: number[] = [];
  const target: number[] = [];
  for (const [item, value] of column.entries())
    for (const id of Array.isArray(value) ? (value as readonly string[]) : [String(value ?? '')]) {
      const other = catalog.items.find(id);
      if (other === undefined || other === item) continue;
      source.push(item);
      target.push(other);
    }
  return { name, edges: ItemEdges.fromPairs(catalog.items, { source, target }, provenance) };
}
