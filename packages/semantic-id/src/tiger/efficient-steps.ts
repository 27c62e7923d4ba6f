/*
 * Terms: a *code* is one number of an ID; a *node* is a prefix of IDs in their tree; ways *part* below a node with more
 * than one item; a *state* is the model's vector at a node and a *slot* is where it lies; the *share* is the mass of
 * unseen siblings, codes that lead only to items without interactions.
 */

import type { CompiledStep } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import type { SemanticIds } from '../ids/semantic-ids.js';
import type { IdSteps } from './id-model.js';
import type { UnseenItems } from './unseen-items.js';

/** Gives states `[rows, dimension]` and, from them, the scores `[rows, size]` of a level's codes. */
export type SearchStep = CompiledStep<tf.Tensor[], tf.Tensor[]>;

/** Result of a {@link SearchStep}: rows of states and of scores. */
export interface SearchRows {
  readonly states: Float32Array;
  readonly scores: Float32Array;
}

/** Sizes to which batches of histories and beams are padded, so that few graphs serve all. */
const ROW_SIZES = [1, 8, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];

/** Rows of the graph that serves so many. */
export const paddedRows = (rows: number): number => ROW_SIZES.find((size) => size >= rows) ?? rows;

/** Computes a step and frees its inputs, also where it fails. */
export function computed(step: SearchStep, inputs: tf.Tensor[]): SearchRows {
  try {
    const [states, scores] = tf.tidy(() => step(...inputs)) as [tf.Tensor, tf.Tensor];
    try {
      return { states: states.dataSync<'float32'>(), scores: scores.dataSync<'float32'>() };
    } finally {
      tf.dispose([states, scores]);
    }
  } finally {
    tf.dispose(inputs);
  }
}

/**
 * The way down the tree in the efficient mode. Only nodes below which ways part need a state: where one way is left,
 * its chance is 1, and most items of a large catalogue are alone well above the last level.
 */
export class EfficientSteps implements IdSteps {
  readonly #ids: SemanticIds;
  readonly #unseen: UnseenItems;
  readonly #dimension: number;
  /** From states `[rows, dimension]`, numbers of the codes chosen and nodes they lead to, one a level. */
  readonly #descents: readonly SearchStep[];
  /** States and scores of the rows that ways part below. */
  #rows: SearchRows;
  /** Nodes of the rows of the last call. */
  #nodes: Int32Array;
  /** Where their states lie; -1 for those without one. */
  #slots: Int32Array;
  #level = 0;

  /**
   * @param root - states at the ends of the histories, `[at least histories, dimension]`, and the scores of the first
   *   codes
   */
  constructor(
    ids: SemanticIds,
    unseen: UnseenItems,
    dimension: number,
    descents: readonly SearchStep[],
    root: SearchRows,
    histories: number,
  ) {
    this.#ids = ids;
    this.#unseen = unseen;
    this.#dimension = dimension;
    this.#descents = descents;
    this.#rows = root;
    this.#nodes = new Int32Array(histories);
    this.#slots = Int32Array.from({ length: histories }, (_, row) => row);
  }

  next(parents?: Int32Array, nodes?: Int32Array): Float32Array {
    if (parents && nodes) this.#descend(parents, nodes);
    const { trie } = this.#ids;
    const logChances = new Float32Array(trie.countChildren(this.#nodes));
    let at = 0;
    for (let row = 0; row < this.#nodes.length; row++) {
      const count = trie.childCount[this.#nodes[row]!]!;
      if (count > 1) this.#normalise(row, logChances.subarray(at, at + count));
      at += count;
    }
    return logChances;
  }

  dispose(): void {}

  #descend(parents: Int32Array, nodes: Int32Array): void {
    const { trie, size } = this.#ids;
    const dimension = this.#dimension;
    const slots = Int32Array.from(nodes, () => -1);
    const parting: number[] = [];
    for (let row = 0; row < nodes.length; row++) if (trie.isParting[nodes[row]!]) parting.push(row);
    if (parting.length > 0) {
      const rows = paddedRows(parting.length);
      const states = new Float32Array(rows * dimension);
      const codes = new Int32Array(rows);
      const reached = new Int32Array(rows).fill(nodes[parting[0]!]!);
      for (const [slot, row] of parting.entries()) {
        const from = this.#slots[parents[row]!]! * dimension;
        states.set(this.#rows.states.subarray(from, from + dimension), slot * dimension);
        reached[slot] = nodes[row]!;
        slots[row] = slot;
      }
      for (let slot = 0; slot < rows; slot++) codes[slot] = this.#level * size + trie.code[reached[slot]!]!;
      this.#rows = computed(this.#descents[this.#level] as SearchStep, [
        tf.tensor2d(states, [rows, dimension]),
        tf.tensor1d(codes, 'int32'),
        tf.tensor1d(reached, 'int32'),
      ]);
    }
    this.#nodes = nodes;
    this.#slots = slots;
    this.#level++;
  }

  /**
   * Writes the log-chances of a node's children: those that lead to seen items among each other, as in training; the
   * others among all, and of the share of what is unseen where they leave seen ones.
   */
  #normalise(row: number, logChances: Float32Array): void {
    const { trie, size } = this.#ids;
    const { isSeen, logShare } = this.#unseen;
    const from = trie.childFrom[this.#nodes[row]!]!;
    const own = this.#slots[row]! * size;
    const { scores } = this.#rows;
    let largest = Number.NEGATIVE_INFINITY;
    let largestSeen = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < logChances.length; k++) {
      const score = scores[own + trie.code[from + k]!]!;
      logChances[k] = score;
      if (score > largest) largest = score;
      if (score > largestSeen && isSeen[from + k]) largestSeen = score;
    }
    let sum = 0;
    let seen = 0;
    for (let k = 0; k < logChances.length; k++) {
      sum += Math.exp(logChances[k]! - largest);
      if (isSeen[from + k]) seen += Math.exp(logChances[k]! - largestSeen);
    }
    const total = largest + Math.log(sum) - (seen > 0 ? logShare : 0);
    const totalSeen = largestSeen + Math.log(seen);
    for (let k = 0; k < logChances.length; k++) logChances[k]! -= isSeen[from + k] ? totalSeen : total;
  }
}
