/*
 * Codes of vectors by optimised product quantisation (OPQ, Ge et al. 2013).
 *
 * Terms: a vector is rotated and cut into as many *parts* as it has codes; the code of a part is the number of its
 * nearest *centre*.
 */
import { type EmbeddingTable, InvalidInputError, RandomStream, type TensorData } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import type { GivenCodes } from './text-vectors.js';

/** Names of the numbers that make the codes of new vectors. */
const ROTATION = 'rotation';
const CENTRES = 'centres';
const CODES = 'codes';

/** Steps of Newton and Schulz until a matrix is orthogonal. */
const POLAR_STEPS = 40;

/** Options of {@link ProductCodes.fit}. */
export interface ProductCodesOptions {
  /** Codes of a vector. */
  readonly positions: number;
  /** Values of a code; as many as there are vectors at most. */
  readonly size: number;
  /** Rounds of turning the vectors and moving the centres; 0 turns leaves them as they lie. */
  readonly rounds?: number | undefined;
  readonly seed?: number | undefined;
  /** False for plain product quantisation. Default true. */
  readonly turns?: boolean | undefined;
}

/** A rotation and centres, fitted on vectors, by which those and others have codes. */
export class ProductCodes {
  /** Orthogonal, `[width, width]`, with zeros behind the vectors' own width where the parts do not divide it. */
  readonly rotation: TensorData;
  /** `[positions, size, width / positions]`. */
  readonly centres: TensorData;

  constructor(rotation: TensorData, centres: TensorData) {
    this.rotation = rotation;
    this.centres = centres;
  }

  /**
   * Fits on vectors: rounds of assigning codes, moving centres and turning the vectors towards what their codes say.
   *
   * @param data - row-major, rows of `width`
   */
  static fit(data: Float32Array, width: number, options: ProductCodesOptions): ProductCodes {
    const { positions, rounds = 12, seed = 0, turns = true } = options;
    const rows = data.length / width;
    if (rows < 1)
      throw new InvalidInputError({
        expected: 'vectors to fit codes on',
        received: 'none',
        hint: 'Give one vector for every item.',
      });
    const size = Math.min(options.size, rows);
    const part = Math.ceil(width / positions);
    const wide = part * positions;
    const padded = widened(data, width, wide);
    let rotation: Float32Array = identity(wide);
    let turned = padded;
    const random = new RandomStream(seed).fork('product codes');
    const centres = startingCentres(turned, wide, positions, size, random);
    for (let round = 0; round < rounds; round++) {
      const codes = nearest(turned, wide, centres, positions, size);
      moveCentres(turned, wide, centres, codes, positions, size);
      if (!turns) continue;
      rotation = turnTowards(padded, decoded(codes, centres, positions, size, part), rotation, wide);
      turned = product(padded, rotation, wide);
    }
    return new ProductCodes(
      { shape: [wide, wide], values: rotation },
      { shape: [positions, size, part], values: centres },
    );
  }

  /**
   * The codes that were saved, with what makes others.
   *
   * @throws InvalidInputError if they are not those of so many items
   */
  static saved(tensors: Readonly<Record<string, TensorData>>, items: number): GivenCodes {
    const { [ROTATION]: rotation, [CENTRES]: centres, [CODES]: codes } = tensors;
    const [positions = 0, size = 0, part = 0] = centres?.shape ?? [];
    const wide = positions * part;
    if (
      rotation?.values instanceof Float32Array &&
      rotation.shape.join() === `${wide},${wide}` &&
      rotation.values.every(Number.isFinite) &&
      centres?.values instanceof Float32Array &&
      centres.shape.length === 3 &&
      centres.values.every(Number.isFinite) &&
      codes?.values instanceof Int32Array &&
      codes.shape.join() === `${items},${positions}` &&
      codes.values.every((code) => code >= 0 && code < size)
    )
      return { codes: codes.values, positions, size, tensors };
    throw new InvalidInputError({
      expected: `${positions} codes below ${size} of each of ${items} items, with their centres and rotation`,
      received: `tensors ${Object.entries(tensors)
        .map(([name, { shape }]) => `${name} [${shape.join(', ')}]`)
        .join(', ')}`,
      hint: 'Fit and save again.',
    });
  }

  /** The quantiser whose codes those are. */
  static of({ tensors }: GivenCodes): ProductCodes {
    return new ProductCodes(tensors[ROTATION] as TensorData, tensors[CENTRES] as TensorData);
  }

  /** Codes of a catalogue's vectors: as the codes that a model goes on from were made, or by a quantiser fitted on them. */
  static codesOf(
    { data, width }: EmbeddingTable,
    { codes, codeValues }: { readonly codes: number; readonly codeValues: number },
    known: GivenCodes | undefined,
  ): GivenCodes {
    const quantiser = known
      ? ProductCodes.of(known)
      : ProductCodes.fit(data, width, { positions: codes, size: codeValues });
    return quantiser.codesOf(data, width);
  }

  /** Codes of vectors, `[rows, positions]`. */
  codesOf(data: Float32Array, width: number): GivenCodes {
    const { codes, positions, size } = this.#coded(data, width);
    return {
      codes,
      positions,
      size,
      tensors: {
        [ROTATION]: this.rotation,
        [CENTRES]: this.centres,
        [CODES]: { shape: [codes.length / positions, positions], values: codes },
      },
    };
  }

  /** Mean squared distance of vectors from what their codes stand for. */
  distortion(data: Float32Array, width: number): number {
    const { codes, turned, positions, size, part } = this.#coded(data, width);
    const told = decoded(codes, this.centres.values as Float32Array, positions, size, part);
    return turned.reduce((sum, value, k) => sum + (value - told[k]!) ** 2, 0) / (data.length / width);
  }

  /** Vectors turned, and their codes. */
  #coded(data: Float32Array, width: number) {
    const [positions = 0, size = 0, part = 0] = this.centres.shape;
    const wide = positions * part;
    if (width > wide || width <= wide - positions)
      throw new InvalidInputError({
        expected: `vectors of the width that the codes were fitted on, at most ${wide}`,
        received: `width ${width}`,
        hint: 'Use vectors of the same encoder.',
      });
    const turned = product(widened(data, width, wide), this.rotation.values as Float32Array, wide);
    const codes = nearest(turned, wide, this.centres.values as Float32Array, positions, size);
    return { codes, turned, positions, size, part };
  }
}

function identity(width: number): Float32Array {
  const matrix = new Float32Array(width * width);
  for (let k = 0; k < width; k++) matrix[k * width + k] = 1;
  return matrix;
}

/** Rows with zeros behind them. */
function widened(data: Float32Array, width: number, wide: number): Float32Array {
  if (width === wide) return data;
  const rows = data.length / width;
  const result = new Float32Array(rows * wide);
  for (let row = 0; row < rows; row++) result.set(data.subarray(row * width, (row + 1) * width), row * wide);
  return result;
}

/** Parts of rows drawn at random. */
function startingCentres(
  data: Float32Array,
  wide: number,
  positions: number,
  size: number,
  random: RandomStream,
): Float32Array {
  const part = wide / positions;
  const centres = new Float32Array(positions * size * part);
  for (let position = 0; position < positions; position++)
    for (const [code, row] of random.sample(data.length / wide, size).entries()) {
      const from = row * wide + position * part;
      centres.set(data.subarray(from, from + part), (position * size + code) * part);
    }
  return centres;
}

function product(data: Float32Array, matrix: Float32Array, wide: number): Float32Array {
  const result = tf.tidy(() =>
    tf.matMul(tf.tensor2d(data, [data.length / wide, wide]), tf.tensor2d(matrix, [wide, wide])),
  );
  const values = result.dataSync<'float32'>();
  result.dispose();
  return values;
}

/** The nearest centre of every part: least `|c|^2 - 2 x c`. */
function nearest(
  data: Float32Array,
  wide: number,
  centres: Float32Array,
  positions: number,
  size: number,
): Int32Array {
  const part = wide / positions;
  const rows = data.length / wide;
  const found = tf.tidy(() => {
    const all = tf.tensor3d(data, [rows, positions, part]);
    const centre = tf.tensor3d(centres, [positions, size, part]);
    const ofPosition = Array.from({ length: positions }, (_, position) => {
      const x = tf.reshape(tf.slice(all, [0, position, 0], [rows, 1, part]), [rows, part]) as tf.Tensor2D;
      const c = tf.reshape(tf.slice(centre, [position, 0, 0], [1, size, part]), [size, part]) as tf.Tensor2D;
      const squares = tf.sum(tf.square(c), 1);
      return tf.argMin(tf.sub(squares, tf.mul(tf.matMul(x, c, false, true), 2)), 1);
    });
    return tf.stack(ofPosition, 1);
  });
  const codes = Int32Array.from(found.dataSync<'int32'>());
  found.dispose();
  return codes;
}

/** Moves every centre to the mean of what has its code; one that nothing has stays. */
function moveCentres(
  data: Float32Array,
  wide: number,
  centres: Float32Array,
  codes: Int32Array,
  positions: number,
  size: number,
): void {
  const part = wide / positions;
  const sums = new Float64Array(centres.length);
  const counts = new Int32Array(positions * size);
  for (let at = 0; at < codes.length; at++) {
    const centre = (at % positions) * size + codes[at]!;
    counts[centre]!++;
    for (let k = 0; k < part; k++) sums[centre * part + k]! += data[at * part + k]!;
  }
  for (let centre = 0; centre < counts.length; centre++)
    if (counts[centre]! > 0)
      for (let k = 0; k < part; k++) centres[centre * part + k] = sums[centre * part + k]! / counts[centre]!;
}

/** The vectors that codes stand for. */
function decoded(
  codes: Int32Array,
  centres: Float32Array,
  positions: number,
  size: number,
  part: number,
): Float32Array {
  const result = new Float32Array(codes.length * part);
  for (let at = 0; at < codes.length; at++) {
    const centre = (at % positions) * size + codes[at]!;
    result.set(centres.subarray(centre * part, (centre + 1) * part), at * part);
  }
  return result;
}

/**
 * The rotation that brings vectors nearest to what their codes stand for: the orthogonal factor of `X^T Y` (Procrustes).
 * A little of the rotation before is added, which decides where the vectors leave it open.
 */
function turnTowards(
  data: Float32Array,
  told: Float32Array,
  before: Float32Array,
  wide: number,
): Float32Array {
  const rows = data.length / wide;
  const result = tf.tidy(() => {
    const cross = tf.matMul(tf.tensor2d(data, [rows, wide]), tf.tensor2d(told, [rows, wide]), true, false);
    const norm = tf.maximum(tf.norm(cross), 1e-12);
    const open = tf.mul(tf.tensor2d(before, [wide, wide]), 1e-3);
    let factor = tf.add(tf.div(cross, norm), open) as tf.Tensor2D;
    factor = tf.div(factor, tf.norm(factor));
    for (let step = 0; step < POLAR_STEPS; step++)
      factor = tf.sub(
        tf.mul(factor, 1.5),
        tf.mul(tf.matMul(factor, tf.matMul(factor, factor, true, false)), 0.5),
      ) as tf.Tensor2D;
    return factor;
  });
  const values = result.dataSync<'float32'>();
  result.dispose();
  return values;
}
