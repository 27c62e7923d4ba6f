import { INTERACTED, type RelationGraph } from './relation-graph.js';

/** Counts of a graph, as tables print them. */
export interface GraphStatistics {
  readonly entities: { readonly items: number; readonly users: number; readonly values: number };
  /** Edges of each relation by name, inverse ones apart. */
  readonly edges: Readonly<Record<string, number>>;
  /** Share of the items that have an edge of the relation. */
  readonly itemsTouched: Readonly<Record<string, number>>;
  /** Share of the items that have an edge beside interactions. */
  readonly itemsAugmented: number;
  /**
   * Different pairs of entities that are joined, of all pairs that might be: by interactions alone, and by all relations.
   */
  readonly density: { readonly before: number; readonly after: number };
}

/** Counts edges by relation, the share of the items that they touch, and how dense the graph is without and with them. */
export function graphStatistics(graph: RelationGraph): GraphStatistics {
  const { items, users, values, relations, heads, types, tails } = graph;
  const n = items.size;
  const edges: Record<string, number> = Object.fromEntries(relations.map(({ name }) => [name, 0]));
  const touched = relations.map(() => new Uint8Array(n));
  const augmented = new Uint8Array(n);
  const entities = n + users.size + values.size;
  const joined = new Set<number>();
  let interactions = 0;
  for (let edge = 0; edge < heads.length; edge++) {
    const type = types[edge]!;
    const { name, inverseOf } = relations[type]!;
    edges[name]! += 1;
    const [head, tail] = [heads[edge]!, tails[edge]!];
    const isInteraction = name === INTERACTED || inverseOf === INTERACTED;
    if (name === INTERACTED) interactions++;
    if (!isInteraction && inverseOf === undefined)
      joined.add(Math.min(head, tail) * entities + Math.max(head, tail));
    for (const entity of [head, tail]) {
      if (entity >= n) continue;
      touched[type]![entity] = 1;
      if (!isInteraction) augmented[entity] = 1;
    }
  }
  const share = (flags: Uint8Array): number => (n === 0 ? 0 : flags.reduce((sum, flag) => sum + flag, 0) / n);
  const pairs = (entities * (entities - 1)) / 2;
  return {
    entities: { items: n, users: users.size, values: values.size },
    edges,
    itemsTouched: Object.fromEntries(relations.map(({ name }, type) => [name, share(touched[type]!)])),
    itemsAugmented: share(augmented),
    density: {
      before: pairs === 0 ? 0 : interactions / pairs,
      after: pairs === 0 ? 0 : (interactions + joined.size) / pairs,
    },
  };
}

/**
 * The least active share of users or items by training degree. Where the boundary falls among equals, all of them are
 * taken: in a 5-core "the 2 % least active" have one and the same degree, and a choice among them would be file order.
 *
 * @param counts - training interactions of each
 * @param share - share that is wanted, above 0 and at most 1
 * @returns positions that belong, rising; those without any interaction belong too
 */
export function leastActive(counts: Int32Array, share: number): Int32Array {
  const sorted = counts.slice().sort();
  const bound = sorted[Math.max(0, Math.ceil(share * counts.length) - 1)] ?? -1;
  return Int32Array.from(counts.keys()).filter((position) => counts[position]! <= bound);
}
