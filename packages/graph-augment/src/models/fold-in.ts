import { RandomStream } from '@palate/core';
import { compile } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { rowsOf, type TableRows } from './scoring-function.js';
import type { TripleNetwork } from './triple-network.js';

/** Items that stand for the catalogue as negatives: all of a small one, a fixed random sample of a large one. */
const MOST_NEGATIVES = 1024;

/**
 * Adam's guard against division by 0, far above its usual 1e-8: gradients of the size of rounding are not blown up, so
 * that a user gets the same vector alone and among others.
 */
const EPSILON = 1e-3;

/** Settings of {@link FoldIn}. */
export interface FoldInSettings {
  readonly items: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** Items of several users, padded to one length. */
export interface PaddedHistories {
  /** `[rows, length]`. */
  readonly items: Int32Array;
  readonly rows: number;
  readonly length: number;
  /** How many items of each row are there; the rest is padding. At least 1. */
  readonly lengths: Int32Array;
}

type State = readonly tf.Tensor[];

/**
 * Finds rows in the entity tables for a history that training has not seen: steps of Adam on the user's own rows,
 * everything else as it is, towards the loss of training: the logistic loss of the history's items against that of other
 * items, both as means.
 *
 * Negatives are the same for all users, and a user's own items do not count among them: nothing is drawn at serving.
 */
export class FoldIn {
  readonly #network: TripleNetwork;
  readonly #settings: FoldInSettings;
  readonly #negatives: Int32Array;
  readonly #step: (...inputs: tf.Tensor[]) => tf.Tensor[];

  constructor(network: TripleNetwork, settings: FoldInSettings) {
    this.#network = network;
    this.#settings = settings;
    const { items, seed } = settings;
    this.#negatives = new RandomStream(seed)
      .fork('negatives of fold-in')
      .sample(items, Math.min(items, MOST_NEGATIVES))
      .sort();
    const names = network.entityTables;
    this.#step = compile((...inputs: tf.Tensor[]): tf.Tensor[] => {
      const [scalars, positives, present, absent, negatives, ...state] = inputs as [
        tf.Tensor1D,
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor1D,
        ...tf.Tensor[],
      ];
      const rows = state.slice(0, names.length);
      const loss = (...heads: tf.Tensor[]): tf.Scalar => {
        const head = Object.fromEntries(names.map((name, k) => [name, heads[k] as tf.Tensor]));
        const mean = (values: tf.Tensor, weights: tf.Tensor): tf.Tensor =>
          tf.div(tf.sum(tf.mul(values, weights), 1), tf.maximum(tf.sum(weights, 1), 1));
        const liked = tf.softplus(tf.neg(network.scoreOwnItems(head, positives)));
        const other = tf.softplus(network.scoreItems(head, negatives));
        return tf.sum(tf.add(mean(liked, present), mean(other, absent))) as tf.Scalar;
      };
      const gradients = tf.grads(loss)(rows);
      const [stepSize, rootCorrection] = tf.split(scalars, 2) as [tf.Tensor, tf.Tensor];
      const next: tf.Tensor[][] = [[], [], []];
      for (const [k, gradient] of gradients.entries()) {
        const first = tf.add(tf.mul(state[names.length + k] as tf.Tensor, 0.9), tf.mul(gradient, 0.1));
        const second = tf.add(
          tf.mul(state[2 * names.length + k] as tf.Tensor, 0.999),
          tf.mul(tf.square(gradient), 0.001),
        );
        const move = tf.div(first, tf.add(tf.mul(tf.sqrt(second), rootCorrection), EPSILON));
        next[0]?.push(tf.sub(rows[k] as tf.Tensor, tf.mul(move, stepSize)));
        next[1]?.push(first);
        next[2]?.push(second);
      }
      return next.flat();
    });
  }

  /**
   * Rows of the entity tables, `[rows, 1, columns]` each, to be disposed by the caller.
   *
   * @param start - rows to start from, `[1, 1, columns]` for all users alike or `[rows, 1, columns]`
   */
  rowsOf(histories: PaddedHistories, start: TableRows, steps: number): TableRows {
    const { learningRate } = this.#settings;
    const { rows, length, items, lengths } = histories;
    const names = this.#network.entityTables;
    const present = new Float32Array(rows * length);
    const absent = new Float32Array(rows * this.#negatives.length).fill(1);
    for (let row = 0; row < rows; row++) {
      present.fill(1, row * length, row * length + lengths[row]!);
      const own = new Set(items.subarray(row * length, row * length + lengths[row]!));
      for (const [k, item] of this.#negatives.entries())
        if (own.has(item)) absent[row * this.#negatives.length + k] = 0;
    }
    const inputs = [
      tf.tensor2d(items, [rows, length], 'int32'),
      tf.tensor2d(present, [rows, length]),
      tf.tensor2d(absent, [rows, this.#negatives.length]),
      tf.tensor1d(this.#negatives, 'int32'),
    ];
    let state: State = tf.tidy(() => {
      const first = names.map((name) => {
        const given = rowsOf(start, name);
        return tf.tile(given, [given.shape[0] === rows ? 1 : rows, 1, 1]);
      });
      return [
        ...first,
        ...first.map((each) => tf.zerosLike(each)),
        ...first.map((each) => tf.zerosLike(each)),
      ];
    });
    for (let step = 1; step <= steps; step++) {
      const before = state;
      const scalars = tf.tensor1d([learningRate / (1 - 0.9 ** step), 1 / Math.sqrt(1 - 0.999 ** step)]);
      state = tf.tidy(() => this.#step(scalars, ...inputs, ...before));
      scalars.dispose();
      for (const tensor of before) tensor.dispose();
    }
    for (const tensor of [...inputs, ...state.slice(names.length)]) tensor.dispose();
    return Object.fromEntries(names.map((name, k) => [name, state[k] as tf.Tensor]));
  }
}
