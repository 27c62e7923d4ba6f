import {
  checkOptions,
  IdMap,
  type InteractionLog,
  InvalidInputError,
  type ItemEdges,
  joinProvenance,
  type Provenance,
  provenanceOfLog,
} from '@palate/core';
import { userItemMatrix } from '@palate/retrievers';
import type { AttributeEdges } from '../edges/attribute-edges.js';

/** Kinds of entities, in the order in which their numbers lie. */
export type EntityKind = 'item' | 'user' | 'value';

/** Name of the relation from users to the items that they interacted with: relation 0 of every graph. */
export const INTERACTED = 'interacted';

/** A relation of a {@link RelationGraph}. */
export interface Relation {
  readonly name: string;
  readonly head: EntityKind;
  readonly tail: EntityKind;
  /** Relation whose edges it has backwards. */
  readonly inverseOf?: string | undefined;
}

/** Edges of one kind between items, with their name. */
export interface ItemRelation {
  /** For example `'similar text, high'`. */
  readonly name: string;
  readonly edges: ItemEdges;
}

/** Arguments of {@link relationGraph} beside the log. */
export interface RelationGraphOptions {
  /** Edges between items. */
  readonly relations?: readonly ItemRelation[] | undefined;
  /** Edges from items to values that they share: brands, categories, series. */
  readonly attributes?: readonly AttributeEdges[] | undefined;
  /** False to leave the inverse relations out. Default true. */
  readonly inverses?: boolean | undefined;
}

/**
 * A graph of users, items and values with typed edges: edge `e` says that entity `heads[e]` stands in relation
 * `types[e]` to entity `tails[e]`. Entities are numbered items first, then users, then values.
 */
export interface RelationGraph {
  readonly items: IdMap;
  readonly users: IdMap;
  /** Values of attributes, as `attribute: value`. */
  readonly values: IdMap;
  readonly relations: readonly Relation[];
  readonly heads: Int32Array;
  readonly types: Int32Array;
  readonly tails: Int32Array;
  /** Knowledge of interactions in all of it. */
  readonly provenance: Provenance;
}

/** How many entities there are: items, users and values. */
export const entityCount = ({
  items,
  users,
  values,
}: Pick<RelationGraph, 'items' | 'users' | 'values'>): number => items.size + users.size + values.size;

/** Range of the numbers of a kind of entity: from the first (included) to the second (excluded). */
export function rangeOf(
  { items, users, values }: Pick<RelationGraph, 'items' | 'users' | 'values'>,
  kind: EntityKind,
): readonly [number, number] {
  if (kind === 'item') return [0, items.size];
  const behindUsers = items.size + users.size;
  return kind === 'user' ? [items.size, behindUsers] : [behindUsers, behindUsers + values.size];
}

/**
 * Makes the graph of a log: who interacted with what, each once; edges between items; edges from items to values; and
 * the inverse of each relation that is not symmetric by itself. An edge and its reverse in one relation make it
 * symmetric where all of its edges have one.
 *
 * Build it from training interactions alone. Its cost is linear in the log and the edges, 12 bytes an edge.
 *
 * @throws InvalidInputError for relations of equal names, or edges of other items than the log's
 */
export function relationGraph(log: InteractionLog, options: RelationGraphOptions = {}): RelationGraph {
  checkOptions('relationGraph', options, ['relations', 'attributes', 'inverses']);
  const { relations: between = [], attributes = [], inverses = true } = options;
  const { items, users } = log;
  checkNames([...between.map(({ name }) => name), ...attributes.map(({ name }) => name)]);
  for (const { name, edges } of [...between, ...attributes]) if (edges.items !== items) throw foreign(name);
  const valueIds: string[] = [];
  const relations: Relation[] = [];
  const parts: { readonly type: number; readonly heads: Int32Array; readonly tails: Int32Array }[] = [];
  const add = (relation: Relation, heads: Int32Array, tails: Int32Array, isSymmetric = false): void => {
    parts.push({ type: relations.push(relation) - 1, heads, tails });
    if (!inverses || isSymmetric) return;
    const { name, head, tail } = relation;
    const type = relations.push({ name: `${name}, inverse`, head: tail, tail: head, inverseOf: name }) - 1;
    parts.push({ type, heads: tails, tails: heads });
  };
  const { offsets, columns } = userItemMatrix(log);
  const people = new Int32Array(columns.length);
  for (let user = 0; user < users.size; user++)
    people.fill(items.size + user, offsets[user], offsets[user + 1]);
  add({ name: INTERACTED, head: 'user', tail: 'item' }, people, columns);
  for (const { name, edges } of between)
    add(
      { name, head: 'item', tail: 'item' },
      edges.sources(),
      edges.targets,
      edges.symmetric().length === edges.length,
    );
  for (const { name, edges } of attributes) {
    const first = items.size + users.size + valueIds.length;
    for (const value of edges.values) valueIds.push(`${name}: ${value}`);
    add(
      { name, head: 'item', tail: 'value' },
      edges.item,
      edges.value.map((value) => first + value),
    );
  }
  const total = parts.reduce((sum, { heads }) => sum + heads.length, 0);
  const graph = { heads: new Int32Array(total), types: new Int32Array(total), tails: new Int32Array(total) };
  let at = 0;
  for (const { type, heads, tails } of parts) {
    graph.heads.set(heads, at);
    graph.tails.set(tails, at);
    graph.types.fill(type, at, at + heads.length);
    at += heads.length;
  }
  const provenance = joinProvenance([
    provenanceOfLog(log),
    ...between.map(({ edges }) => edges.provenance),
    ...attributes.map(({ edges }) => edges.provenance),
  ]);
  return { items, users, values: new IdMap(valueIds, 'value'), relations, ...graph, provenance };
}

function checkNames(names: readonly string[]): void {
  const taken = new Set([INTERACTED]);
  for (const name of names) {
    if (name.trim() !== '' && !taken.has(name)) {
      taken.add(name);
      continue;
    }
    throw new InvalidInputError({
      expected: `relations of different names, none of them ${JSON.stringify(INTERACTED)}`,
      received: JSON.stringify(name),
      hint: 'Give every relation a name of its own.',
    });
  }
}

function foreign(name: string): InvalidInputError {
  return new InvalidInputError({
    expected: `edges of ${JSON.stringify(name)} between the log's own items`,
    received: 'edges with another id map',
    hint: 'Align them: edges.align(log.items).',
  });
}
