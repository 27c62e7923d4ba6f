import type { EmbeddingTable, RandomStream, TensorData } from '@palate/core';
import { Dense, Embedding, type ForwardPass, normal, type Parameters, zeros } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { ItemVectors } from './item-vectors.js';

/** Name of the tensor of text vectors in an artifact. */
export const TEXTS = 'texts';

/** Vectors of texts as a constant of the graph, and rows of them. */
class TextTable {
  readonly given: Readonly<Record<string, TensorData>>;
  readonly #table: tf.Tensor2D;

  constructor(parameters: Parameters, { ids, width, data }: EmbeddingTable) {
    this.given = { [TEXTS]: { shape: [ids.size, width], values: data } };
    this.#table = parameters.hold(tf.tensor2d(data, [ids.size, width]));
  }

  of(rows: tf.Tensor1D | undefined): tf.Tensor2D {
    return rows ? tf.gather(this.#table, rows) : this.#table;
  }
}

/**
 * Item vectors from text vectors through a mixture of experts, each of which shifts and projects, weighed by a gate that
 * is noisy while training (UniSRec, Hou et al. 2022, eq. 2 to 4): nothing belongs to a catalogue.
 */
export class AdaptedVectors implements ItemVectors {
  readonly given: Readonly<Record<string, TensorData>>;
  readonly #texts: TextTable;
  readonly #experts: readonly { readonly shift: tf.Variable; readonly kernel: tf.Variable }[];
  readonly #gate: Dense;
  readonly #noise: Dense;

  constructor(
    parameters: Parameters,
    texts: EmbeddingTable,
    dimension: number,
    experts: number,
    random: RandomStream,
  ) {
    const { width } = texts;
    this.#texts = new TextTable(parameters, texts);
    this.given = this.#texts.given;
    this.#experts = Array.from({ length: experts }, (_, k) => ({
      shift: parameters.add(`adaptor.expert-${k + 1}.shift`, [width], zeros, random),
      // Text vectors have norm 1: items start as wide as those of an embedding.
      kernel: parameters.add(
        `adaptor.expert-${k + 1}.kernel`,
        [width, dimension],
        normal(dimension ** -0.5),
        random,
      ),
    }));
    this.#gate = new Dense(parameters, 'adaptor.gate', width, experts, random, { bias: false });
    this.#noise = new Dense(parameters, 'adaptor.noise', width, experts, random, { bias: false });
  }

  of(pass: ForwardPass, rows?: tf.Tensor1D): tf.Tensor2D {
    const texts = this.#texts.of(rows);
    const clean = this.#gate.apply(texts);
    const drawn = pass.normal([texts.shape[0], this.#experts.length]);
    const noisy = drawn ? tf.add(clean, tf.mul(drawn, tf.softplus(this.#noise.apply(texts)))) : clean;
    const weights = tf.softmax(noisy);
    return tf.addN(
      this.#experts.map(({ shift, kernel }, k) => {
        const moved = tf.sub(texts, shift as tf.Tensor) as tf.Tensor2D;
        const share = tf.slice(weights, [0, k], [texts.shape[0], 1]);
        return tf.mul(tf.matMul(moved, kernel as tf.Tensor as tf.Tensor2D), share);
      }),
    ) as tf.Tensor2D;
  }
}

/** Name of the offsets, which belong to one catalogue and are left behind when a model is carried to another. */
export const OFFSETS = 'offsets.table';

/**
 * Item vectors as a linear map of text vectors plus an offset of each item (ZESRec, Ding et al. 2021): a Gaussian around
 * the map, whose mean alone stands for an item of another catalogue.
 */
export class OffsetVectors implements ItemVectors {
  readonly given: Readonly<Record<string, TensorData>>;
  readonly #texts: TextTable;
  readonly #map: Dense;
  readonly #offsets: tf.Variable;

  constructor(parameters: Parameters, texts: EmbeddingTable, dimension: number, random: RandomStream) {
    this.#texts = new TextTable(parameters, texts);
    this.given = this.#texts.given;
    this.#map = new Dense(parameters, 'map', texts.width, dimension, random, {
      deviation: dimension ** -0.5,
    });
    this.#offsets = parameters.add(OFFSETS, [texts.ids.size, dimension], zeros, random);
  }

  of(_: ForwardPass, rows?: tf.Tensor1D): tf.Tensor2D {
    const offsets = (rows ? tf.gather(this.#offsets as tf.Tensor, rows) : this.#offsets) as tf.Tensor2D;
    return tf.add(this.#map.apply(this.#texts.of(rows)), offsets);
  }

  /** Mean over the items of the squared norm of their offsets. */
  spread(): tf.Scalar {
    return tf.mean(tf.sum(tf.square(this.#offsets as tf.Tensor), 1)) as tf.Scalar;
  }
}

/** Codes of items, and how those of other items are made. */
export interface GivenCodes {
  /** `[items, positions]`. */
  readonly codes: Int32Array;
  /** Codes of an item. */
  readonly positions: number;
  /** Values of a code. */
  readonly size: number;
  /** All numbers of it, to be saved. */
  readonly tensors: Readonly<Record<string, TensorData>>;
}

/** Rounds of normalising rows and columns. */
const SINKHORN_ROUNDS = 3;

/** Name of the learned permutation, which belongs to one catalogue. */
export const PERMUTATION = 'permutation.logits';

/**
 * Item vectors as the mean of learned vectors of codes, a table for each position of the code (VQ-Rec, Hou et al. 2023).
 * In another catalogue the codes mean other things: a permutation of each table is learned there, as a doubly stochastic
 * matrix (Sinkhorn normalisation of Gumbel noise and logits).
 */
export class CodeVectors implements ItemVectors {
  readonly given: Readonly<Record<string, TensorData>>;
  readonly #codes: GivenCodes;
  readonly #held: tf.Tensor2D;
  readonly #table: Embedding;
  readonly #permutation: tf.Variable | undefined;
  readonly #dimension: number;

  /** @param permutes - true to learn a permutation of each table */
  constructor(
    parameters: Parameters,
    codes: GivenCodes,
    dimension: number,
    permutes: boolean,
    random: RandomStream,
  ) {
    const { positions, size } = codes;
    this.#codes = codes;
    this.given = codes.tensors;
    this.#dimension = dimension;
    this.#held = parameters.hold(
      tf.tensor2d(codes.codes, [codes.codes.length / positions, positions], 'int32'),
    );
    // The mean of so many is as wide as a vector of one.
    const deviation = Math.sqrt(positions / dimension);
    this.#table = new Embedding(parameters, 'codes', positions * size, dimension, random, deviation);
    this.#permutation = permutes
      ? parameters.add(PERMUTATION, [positions, size, size], normal(1), random)
      : undefined;
  }

  get codes(): GivenCodes {
    return this.#codes;
  }

  of(pass: ForwardPass, rows?: tf.Tensor1D): tf.Tensor2D {
    return this.ofCodes(rows ? tf.gather(this.#held, rows) : this.#held, pass);
  }

  /** Vectors of codes, int32 `[rows, positions]`. */
  ofCodes(codes: tf.Tensor2D, pass: ForwardPass): tf.Tensor2D {
    const { positions, size } = this.#codes;
    const [rows] = codes.shape;
    const from = tf.tensor2d(
      Int32Array.from({ length: positions }, (_, position) => position * size),
      [1, positions],
      'int32',
    );
    const flat = tf.reshape(tf.add(codes, from), [-1]) as tf.Tensor1D;
    const vectors = tf.gather(this.tables(pass), flat);
    return tf.mean(tf.reshape(vectors, [rows, positions, this.#dimension]), 1) as tf.Tensor2D;
  }

  /** Vectors of all values of all codes, `[positions * size, dimension]`, permuted where that is learned. */
  tables(pass: ForwardPass): tf.Tensor2D {
    const table = this.#table.table as tf.Tensor as tf.Tensor2D;
    if (!this.#permutation) return table;
    const { positions, size } = this.#codes;
    const shape = [positions, size, size];
    const drawn = pass.uniform(shape);
    const gumbel = drawn && tf.neg(tf.log(tf.add(tf.neg(tf.log(tf.add(drawn, 1e-9))), 1e-9)));
    let logits: tf.Tensor = gumbel ? tf.add(this.#permutation, gumbel) : this.#permutation;
    for (let round = 0; round < SINKHORN_ROUNDS; round++)
      for (const axis of [2, 1]) logits = tf.sub(logits, tf.logSumExp(logits, axis, true));
    const blocks = tf.reshape(table, [positions, size, this.#dimension]);
    return tf.reshape(tf.matMul(tf.exp(logits), blocks), [positions * size, this.#dimension]);
  }
}
