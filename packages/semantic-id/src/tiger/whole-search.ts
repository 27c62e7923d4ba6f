/*
 * Terms: a *code* is one number of an ID; a *node* is a prefix of IDs in their tree, and its *place* its number among those
 * of its level; a *beam* is a node that a search follows, with its *score*, the log-probability of its codes; the *width*
 * is how many are kept on a level; a node is *closed* to a search if no item below it may be found.
 */

import { FrozenGraphs, type GraphToFreeze, type Parameters } from '@palate/nn';
import { gatherInRange, logShares } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import type { SemanticIds } from '../ids/semantic-ids.js';
import { WARM } from './findable-nodes.js';
import type { FoundLeaves } from './id-model.js';
import type { UnseenItems } from './unseen-items.js';

/** Added to the score of what is closed or missing. */
const CLOSED = -1e9;
/** Summands by the kinds of items to be found below a node. */
const BY_KINDS = Float32Array.from({ length: 4 }, (_, kinds) => (kinds & WARM ? 0 : CLOSED));
/** Scores below are of beams that nothing was left for. */
const LEAST = CLOSED / 2;
/** Most entries of the tables of children: 64 MB. */
const MOST_CHILDREN = 2 ** 23;
/** Searches that are worth all threads. */
const FEW_ROWS = 8;
/** Searches of one run. */
const MOST_ROWS = 32;
/** Widths that graphs are kept for. */
const MOST_WIDTHS = 4;
/** Most numbers that tell what is closed to the searches of a run: 32 MB. */
const MOST_CLOSED = 2 ** 23;

/** The model's part of a search, as in training. */
export interface TreeModel {
  readonly parameters: Parameters;
  /** Scores of all codes of a level from states `[rows, dimension]`: `[rows, size]`. */
  scores(states: tf.Tensor, level: number): tf.Tensor;
  /** A row of numbers for each node below a level, which {@link TreeModel.descend} goes by. */
  arrivals(level: number): readonly tf.Tensor[];
  /** States one level further down, from the rows of {@link TreeModel.arrivals} for the nodes gone to. */
  descend(states: tf.Tensor, arrivals: readonly tf.Tensor[], level: number): tf.Tensor;
}

/** Children of the nodes of a level, one row a node and one more for no node. */
interface LevelTable {
  /** Most children of a node. */
  readonly most: number;
  readonly count: number;
  /** Places on the level below; its count where there is none. */
  readonly children: Int32Array;
  readonly codes: Int32Array;
  /** 0 for children that training saw; no other has a chance beside them. */
  readonly penalties: Float32Array;
}

/**
 * Beam search over the tree of IDs as one graph: all levels of all beams, with the tree's children in tables. Between the
 * levels nothing comes back to JavaScript, whose calls cost a single user more than the model does.
 *
 * It answers searches that draw nothing and want no items without interactions, from a model that is trained no more.
 */
export class WholeSearch {
  readonly #model: TreeModel;
  readonly #ids: SemanticIds;
  readonly #unseen: UnseenItems;
  /** Sessions for few searches at a time, on one thread. */
  readonly #few: FrozenGraphs;
  /** Sessions for many, on all. */
  readonly #many: FrozenGraphs;
  readonly #widths = new Set<number>();
  /** Entries of the tables. */
  readonly #entries: number;
  #tables: readonly LevelTable[] | undefined;
  readonly #closed: Float32Array[] = [];

  constructor(model: TreeModel, ids: SemanticIds, unseen: UnseenItems) {
    this.#model = model;
    this.#ids = ids;
    this.#unseen = unseen;
    this.#few = new FrozenGraphs(model.parameters);
    this.#many = new FrozenGraphs(model.parameters, { threads: 0 });
    this.#entries = Array.from({ length: ids.depth }, (_, level) => this.#extent(level)).reduce(
      (sum, { nodes, most }) => sum + nodes * most,
      0,
    );
  }

  /** Nodes of a level, and the most children that one of them has. */
  #extent(level: number): { readonly nodes: number; readonly most: number } {
    const { levelFrom, childCount } = this.#ids.trie;
    const [from, to] = [levelFrom[level]!, levelFrom[level + 1]!];
    return { nodes: to - from, most: childCount.subarray(from, to).reduce((a, b) => Math.max(a, b), 1) };
  }

  /** Searches of one run; 0 where none of this width can be answered here. */
  rows(width: number): number {
    if (!this.#few.serves(1) || (!this.#widths.has(width) && this.#widths.size >= MOST_WIDTHS)) return 0;
    if (this.#entries > MOST_CHILDREN) return 0;
    return Math.min(MOST_ROWS, Math.floor(MOST_CLOSED / this.#ids.trie.nodeCount));
  }

  /** Sessions that hold the weights, for a run of so many searches. */
  graphs(rows: number): FrozenGraphs {
    return rows < FEW_ROWS ? this.#few : this.#many;
  }

  /**
   * Searches from the ends of histories.
   *
   * @param states - `[rows, dimension]`
   * @param findable - for each row which kinds of items are to be found below each node
   */
  search(states: Float32Array, findable: readonly Uint8Array[], width: number): FoundLeaves[] {
    this.#widths.add(width);
    const rows = findable.length;
    const { levelFrom } = this.#ids.trie;
    const tables = this.#levels();
    const inputs: Record<string, Float32Array | Int32Array> = {
      row: Int32Array.from({ length: rows }, (_, row) => row),
      states,
    };
    for (const [level, { count }] of tables.entries()) {
      const from = levelFrom[level + 1]!;
      const closed = this.#closedOf(level, rows * (count + 1));
      for (let row = 0; row < rows; row++) {
        const below = findable[row] as Uint8Array;
        const at = row * (count + 1);
        for (let place = 0; place < count; place++) closed[at + place] = BY_KINDS[below[from + place]!]!;
        closed[at + count] = CLOSED;
      }
      inputs[`closed${level}`] = closed;
    }
    const { places = new Float32Array(), scores = new Float32Array() } = this.graphs(rows).run(
      `search ${width}`,
      this.#graph(width, states.length / rows),
      inputs,
    );
    const kept = places.length / rows;
    const first = levelFrom[tables.length]!;
    return findable.map((_, row) => {
      const own = scores.subarray(row * kept, (row + 1) * kept);
      const end = own.findIndex((score) => score < LEAST);
      const found = end < 0 ? kept : end;
      return {
        nodes: Int32Array.from({ length: found }, (_, k) => first + places[row * kept + k]!),
        scores: Float64Array.from(own.subarray(0, found)),
      };
    });
  }

  /** Memory for what is closed on a level: a run is over before the next begins. */
  #closedOf(level: number, size: number): Float32Array {
    const known = this.#closed[level];
    const closed = known && known.length >= size ? known : new Float32Array(size);
    this.#closed[level] = closed;
    return closed.subarray(0, size);
  }

  dispose(): void {
    this.#few.dispose();
    this.#many.dispose();
  }

  /** The tables of all levels; `count` is of the level below. */
  #levels(): readonly LevelTable[] {
    const { trie, depth } = this.#ids;
    this.#tables ??= Array.from({ length: depth }, (_, level) => {
      const [from, to, end] = [
        trie.levelFrom[level]!,
        trie.levelFrom[level + 1]!,
        trie.levelFrom[level + 2]!,
      ];
      const { most } = this.#extent(level);
      const size = (to - from + 1) * most;
      const table = {
        most,
        count: end - to,
        children: new Int32Array(size).fill(end - to),
        codes: new Int32Array(size),
        penalties: new Float32Array(size).fill(CLOSED),
      };
      for (let node = from; node < to; node++)
        for (let k = 0; k < trie.childCount[node]!; k++) {
          const child = trie.childFrom[node]! + k;
          const at = (node - from) * most + k;
          table.children[at] = child - to;
          table.codes[at] = trie.code[child]!;
          if (this.#unseen.isSeen[child]) table.penalties[at] = 0;
        }
      return table;
    });
    return this.#tables;
  }

  #graph(width: number, dimension: number): GraphToFreeze<Record<string, tf.Tensor>> {
    const tables = this.#levels();
    return {
      run: (inputs) => this.#record(inputs, width),
      example: () => ({
        row: tf.zeros([1, 1], 'int32'),
        states: tf.zeros([1, dimension]),
        ...Object.fromEntries(tables.map(({ count }, level) => [`closed${level}`, tf.zeros([1, count + 1])])),
      }),
    };
  }

  #record(inputs: Readonly<Record<string, tf.Tensor>>, width: number): Record<string, tf.Tensor> {
    const { size } = this.#ids;
    const row = inputs.row as tf.Tensor;
    const flat = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [-1]);
    /** Numbers of the first of `each` things of every row, among those of all rows. */
    const firstOf = (each: number): tf.Tensor => (each === 1 ? row : tf.mul(row, tf.scalar(each, 'int32')));
    let states = inputs.states as tf.Tensor;
    let beams = 1;
    let nodes: tf.Tensor = tf.sub(row, row);
    let scores: tf.Tensor = tf.cast(nodes, 'float32');
    const tables = this.#levels();
    for (const [level, { most, count, children, codes, penalties }] of tables.entries()) {
      const ofNodes = (values: Int32Array | Float32Array): tf.Tensor => {
        const type = values instanceof Int32Array ? 'int32' : 'float32';
        return gatherInRange(tf.tensor2d(values, [values.length / most, most], type), nodes);
      };
      const child = ofNodes(children);
      const starts = tf.add(firstOf(beams * size), tf.range(0, beams * size, size, 'int32'));
      const logits = gatherInRange(
        flat(this.#model.scores(states, level)),
        tf.add(ofNodes(codes), tf.expandDims(starts, 2)),
      );
      const closed = gatherInRange(
        flat(inputs[`closed${level}`] as tf.Tensor),
        tf.add(child, tf.expandDims(firstOf(count + 1), 2)),
      );
      const chances = logShares(tf.add(logits, ofNodes(penalties)));
      const totals = tf.add(tf.add(chances, closed), tf.expandDims(scores, 2));
      const kept = Math.min(width, beams * most, count);
      const { values, indices } = tf.topk(tf.reshape(totals, [-1, beams * most]), kept);
      nodes = gatherInRange(flat(child), tf.add(indices, firstOf(beams * most)));
      scores = values;
      if (level < tables.length - 1) {
        const owners = Int32Array.from({ length: beams * most }, (_, slot) => Math.floor(slot / most));
        const parents = tf.add(gatherInRange(tf.tensor1d(owners, 'int32'), indices), firstOf(beams));
        const reached = flat(nodes);
        states = this.#model.descend(
          gatherInRange(states, flat(parents)),
          this.#model.arrivals(level).map((table) =>
            // A row without a node continues from zeros: its score stays excluded.
            gatherInRange(tf.concat([table, tf.zeros([1, table.shape[1] as number])]), reached),
          ),
          level,
        );
      }
      beams = kept;
    }
    return { places: tf.cast(nodes, 'float32'), scores };
  }
}
