import { InvalidInputError, ItemEdges, joinProvenance } from '@palate/core';
import type { ItemRelation } from '../graph/relation-graph.js';

/**
 * Joins relations into one set of weighted edges, as retrievers take them for a prior: the weight of a pair is the
 * heaviest of its edges, each times the strength of its relation.
 *
 * @param strengths - factor of each relation by name, above 0; 1 where none is given
 * @throws InvalidInputError if there is no relation, or a strength names none
 */
export function joinedEdges(
  relations: readonly ItemRelation[],
  strengths: Readonly<Record<string, number>> = {},
): ItemEdges {
  const [first] = relations;
  const unknown = Object.keys(strengths).find((name) => !relations.some((each) => each.name === name));
  if (!first || unknown !== undefined)
    throw new InvalidInputError({
      expected: first ? `relations among ${relations.map(({ name }) => name).join('; ')}` : 'a relation',
      received: first ? JSON.stringify(unknown) : 'none',
      hint: 'Give at least one relation, and strengths by the names of those relations.',
    });
  const { items } = first.edges;
  const source: number[] = [];
  const target: number[] = [];
  const weight: number[] = [];
  for (const { name, edges } of relations) {
    const aligned = edges.align(items);
    const sources = aligned.sources();
    const strength = strengths[name] ?? 1;
    for (let edge = 0; edge < aligned.length; edge++) {
      source.push(sources[edge]!);
      target.push(aligned.targets[edge]!);
      weight.push(aligned.weights[edge]! * strength);
    }
  }
  return ItemEdges.fromPairs(
    items,
    { source, target, weight },
    joinProvenance(relations.map(({ edges }) => edges.provenance)),
  );
}
