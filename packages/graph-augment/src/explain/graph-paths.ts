import { checkNumber, InvalidInputError } from '@palate/core';
import { entityCount, INTERACTED, type RelationGraph } from '../graph/relation-graph.js';

/** A way through the graph from an item of a history to another item. */
export interface GraphPath {
  /** Dense item of the history. */
  readonly from: number;
  /** Its rating, where there is one. */
  readonly rating?: number | undefined;
  /** Kind of what lies between: an edge of a relation, a value that both have, or people who interacted with both. */
  readonly by: 'relation' | 'value' | 'people';
  /** Name of the relation, the value as `attribute: value`, or how many people there are. */
  readonly between: string;
  /** Higher is a better reason. */
  readonly strength: number;
}

/** Arguments of {@link GraphPaths.find}. */
export interface PathQuery {
  /** Dense items, oldest first. */
  readonly history: ArrayLike<number>;
  /** Ratings of the history's items, aligned with it. */
  readonly ratings?: ArrayLike<number> | undefined;
  /** Item that is explained. */
  readonly item: number;
  /** Most paths. Default 3. */
  readonly most?: number | undefined;
}

/** Weight of a whole overlap of users, beside an edge of 1: people say less than a reason in words. */
const PEOPLE = 0.5;

/**
 * Finds paths through a graph of relations from the items of a history to another item: an edge between both, a value that
 * both have, or people who interacted with both.
 *
 * An edge counts 1; a value `1 / log2(1 + items that have it)`, so that what few share says most; people half the cosine
 * of the two items' users. Each is weighed by the rating of the history's item over the highest of the history, so that
 * what somebody liked comes first; of equals, the newest.
 */
export class GraphPaths {
  readonly #graph: RelationGraph;
  /** Edges by their head: `#order[#starts[e]]` up to `#order[#starts[e + 1]]`. */
  readonly #starts: Int32Array;
  readonly #order: Int32Array;
  /** Items that have each value. */
  readonly #valueCounts: Int32Array;

  /** Costs one pass over the edges and 4 bytes an edge. */
  constructor(graph: RelationGraph) {
    this.#graph = graph;
    const { heads, tails, types, relations, items, users, values } = graph;
    const starts = new Int32Array(entityCount(graph) + 1);
    for (const head of heads) starts[head + 1]! += 1;
    for (let e = 0; e + 1 < starts.length; e++) starts[e + 1]! += starts[e]!;
    const cursor = starts.slice(0, -1);
    this.#order = new Int32Array(heads.length);
    this.#valueCounts = new Int32Array(values.size);
    for (let edge = 0; edge < heads.length; edge++) {
      const head = heads[edge]!;
      this.#order[cursor[head]!] = edge;
      cursor[head]! += 1;
      const relation = relations[types[edge]!];
      if (relation?.tail === 'value' && relation.inverseOf === undefined)
        this.#valueCounts[tails[edge]! - items.size - users.size]! += 1;
    }
    this.#starts = starts;
  }

  #edgesOf(entity: number): Int32Array {
    return this.#order.subarray(this.#starts[entity], this.#starts[entity + 1]);
  }

  /** Tails of an item's edges by the kind of what they lead to; people through the inverse of interactions. */
  #around(item: number): {
    readonly related: Map<number, string>;
    readonly values: Set<number>;
    readonly people: Set<number>;
  } {
    const { relations, types, tails } = this.#graph;
    const related = new Map<number, string>();
    const values = new Set<number>();
    const people = new Set<number>();
    for (const edge of this.#edgesOf(item)) {
      const relation = relations[types[edge]!]!;
      const tail = tails[edge]!;
      if (relation.inverseOf === INTERACTED) people.add(tail);
      else if (relation.tail === 'value') values.add(tail);
      // Relations come in the order that they were given, the closest first.
      else if (!related.has(tail)) related.set(tail, relation.inverseOf ?? relation.name);
    }
    return { related, values, people };
  }

  /**
   * The best paths to an item, the best first, at most one for each item of the history and kind of reason.
   *
   * @throws InvalidInputError for items that are not of the graph
   */
  find({ history, ratings, item, most = 3 }: PathQuery): GraphPath[] {
    const { items, users, values } = this.#graph;
    checkNumber('most', most, { min: 1, integer: true });
    for (const each of [item, ...Array.from(history)])
      if (!(Number.isInteger(each) && each >= 0 && each < items.size))
        throw new InvalidInputError({
          expected: `items from 0 to ${items.size - 1}`,
          received: String(each),
          hint: "Use dense indexes of the graph's items.",
        });
    const target = this.#around(item);
    const highest = ratings && ratings.length > 0 ? Math.max(...Array.from(ratings)) : 0;
    const paths: GraphPath[] = [];
    const seen = new Set<number>([item]);
    for (let k = history.length - 1; k >= 0; k--) {
      const from = history[k]!;
      if (seen.has(from)) continue;
      seen.add(from);
      const rating = ratings?.[k];
      const liking = rating === undefined ? 1 : highest <= 0 ? 0 : Math.max(0, rating) / highest;
      const add = (by: GraphPath['by'], between: string, strength: number): void => {
        if (strength * liking > 0) paths.push({ from, rating, by, between, strength: strength * liking });
      };
      const own = this.#around(from);
      const relation = own.related.get(item) ?? target.related.get(from);
      if (relation !== undefined) add('relation', relation, 1);
      let [best, rarest] = [-1, 0];
      for (const value of own.values) {
        if (!target.values.has(value)) continue;
        const strength = 1 / Math.log2(1 + this.#valueCounts[value - items.size - users.size]!);
        if (strength > rarest) [best, rarest] = [value, strength];
      }
      if (best >= 0) add('value', values.idOf(best - items.size - users.size), rarest);
      let both = 0;
      for (const user of own.people) if (target.people.has(user)) both++;
      if (both > 0)
        add('people', String(both), (PEOPLE * both) / Math.sqrt(own.people.size * target.people.size));
    }
    // Sorting is stable: of equals the newest of the history stands first.
    return paths.sort((a, b) => b.strength - a.strength).slice(0, most);
  }
}

/** Words for {@link pathInWords}. */
export interface PathWords {
  /** Title of an item. */
  readonly title: (item: number) => string;
  /** Names what two joined items have in common ("a crew's last job"), where somebody knows it. */
  readonly common?: ((from: number, item: number) => string | undefined) | undefined;
}

/**
 * A path as words behind a recommendation: "like Heat, which you rated 9: both about a crew's last job".
 *
 * @param item - item that the path leads to
 */
export function pathInWords(path: GraphPath, item: number, { title, common }: PathWords): string {
  const { from, rating, by, between } = path;
  const start = `like ${title(from)}${rating === undefined ? '' : `, which you rated ${rating}`}: `;
  if (by === 'value') return `${start}both ${between}`;
  if (by === 'people')
    return `${start}chosen by ${between === '1' ? 'a person' : `${between} people`} who chose it too`;
  const shared = common?.(from, item);
  if (shared) return `${start}both about ${shared}`;
  return `${start}${between.startsWith('similar text') ? 'their descriptions are similar' : between}`;
}
