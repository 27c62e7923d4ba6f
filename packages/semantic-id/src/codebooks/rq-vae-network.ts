import type { RandomStream } from '@palate/core';
import { Dense, normal, Parameters, softmaxCrossEntropy, stopGradient } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Prefix of the parameters that training alone needs. */
export const CO_USE = 'co-use';

/** Divides the cosines of quantised vectors and those of co-use. */
const TEMPERATURE = 0.1;

/** Taken from the score of what is no other item. */
const EXCLUDED = 1e9;

/** Vectors of the co-use of a batch's items. */
export interface CoUse {
  /** Rows of norm 1, `[rows, width]`; zeros where nothing is known. */
  readonly vectors: tf.Tensor2D;
  /** Weight of the loss. */
  readonly weight: number;
}

/** Shape of an RQ-VAE. */
export interface RqVaeShape {
  /** Width of the vectors. */
  readonly width: number;
  /** Widths between the vectors and the latent space; mirrored in the decoder. */
  readonly hidden: readonly number[];
  /** Width of the latent space and of its codes. */
  readonly latent: number;
  readonly levels: number;
  readonly size: number;
  /** Weight of the commitment loss. */
  readonly beta: number;
}

/** Encoder, codebooks and decoder of a residual-quantised variational autoencoder. */
export class RqVaeNetwork {
  readonly parameters = new Parameters();
  readonly shape: RqVaeShape;
  readonly #encoder: readonly Dense[];
  readonly #decoder: readonly Dense[];
  /** Codes of each level, `[size, latent]`. */
  readonly codebooks: readonly tf.Variable[];
  /** Brings quantised vectors to the width of those of co-use, where there are some. */
  readonly #towards: Dense | undefined;

  /** @param coUse - width of the vectors of co-use; none if left out */
  constructor(shape: RqVaeShape, random: RandomStream, coUse?: number) {
    this.shape = shape;
    const widths = [shape.width, ...shape.hidden, shape.latent];
    const stack = (name: string, sizes: readonly number[]): Dense[] =>
      sizes.slice(1).map(
        (units, k) =>
          new Dense(this.parameters, `${name}-${k + 1}`, sizes[k] as number, units, random, {
            deviation: Math.sqrt(2 / (sizes[k] as number)),
          }),
      );
    this.#encoder = stack('encoder', widths);
    this.#decoder = stack('decoder', [...widths].reverse());
    this.codebooks = Array.from({ length: shape.levels }, (_, level) =>
      this.parameters.add(`codebook-${level + 1}`, [shape.size, shape.latent], normal(1), random),
    );
    this.#towards =
      coUse === undefined
        ? undefined
        : new Dense(this.parameters, CO_USE, shape.latent, coUse, random, { bias: false });
  }

  /** `[rows, width]` to `[rows, latent]`. */
  encode(x: tf.Tensor2D): tf.Tensor2D {
    return run(this.#encoder, x);
  }

  /** `[rows, latent]` to `[rows, width]`. */
  decode(z: tf.Tensor2D): tf.Tensor2D {
    return run(this.#decoder, z);
  }

  /**
   * `|x - x'|^2 + sum_d |sg(r_d) - e|^2 + beta |r_d - sg(e)|^2`, each a sum over the vector's entries and a mean over
   * rows (TIGER, section 3.1). The residual of the next level takes the code off without a gradient to it; the decoder
   * is given the sum of the codes, straight through to the encoder.
   *
   * @param coUse - adds a contrastive loss that brings a quantised vector nearer to its item's than to others'
   */
  loss(x: tf.Tensor2D, coUse?: CoUse): tf.Scalar {
    const z = this.encode(x);
    let residual = z as tf.Tensor2D;
    let sum: tf.Tensor = tf.zerosLike(z);
    let quantisation: tf.Tensor = tf.scalar(0);
    for (const codebook of this.codebooks) {
      const table = codebook as tf.Tensor as tf.Tensor2D;
      const code = nearestCode(residual, table);
      const fixed = stopGradient(code);
      quantisation = tf.add(
        quantisation,
        tf.add(
          squaredError(stopGradient(residual), code),
          tf.mul(squaredError(residual, fixed), this.shape.beta),
        ),
      );
      sum = tf.add(sum, fixed);
      residual = tf.sub(residual, fixed);
    }
    const straightThrough = tf.add(z, stopGradient(tf.sub(sum, z))) as tf.Tensor2D;
    const loss = tf.add(squaredError(x, this.decode(straightThrough)), quantisation) as tf.Scalar;
    if (!coUse || !this.#towards) return loss;
    const apart = contrast(this.#towards.apply(straightThrough), coUse.vectors);
    return tf.add(loss, tf.mul(apart, coUse.weight)) as tf.Scalar;
  }
}

/** InfoNCE of rows and the vectors of co-use of the same items against those of the others, of items that have some. */
function contrast(rows: tf.Tensor, coUse: tf.Tensor2D): tf.Scalar {
  const unit = tf.mul(rows, tf.rsqrt(tf.add(tf.sum(tf.square(rows), 1, true), 1e-12))) as tf.Tensor2D;
  const isKnown = tf.cast(tf.greater(tf.sum(tf.square(coUse), 1), 0.5), 'float32') as tf.Tensor1D;
  const cosines = tf.div(tf.matMul(unit, coUse, false, true), TEMPERATURE);
  const among = tf.sub(cosines, tf.mul(tf.sub(1, isKnown), EXCLUDED)) as tf.Tensor2D;
  return softmaxCrossEntropy(among, tf.range(0, coUse.shape[0], 1, 'int32'), isKnown);
}

function run(layers: readonly Dense[], x: tf.Tensor2D): tf.Tensor2D {
  let y: tf.Tensor = x;
  for (const [k, layer] of layers.entries()) {
    y = layer.apply(y);
    if (k < layers.length - 1) y = tf.relu(y);
  }
  return y as tf.Tensor2D;
}

/** The row of the table that is nearest to each row of `x`; its gradient goes to the table alone. */
function nearestCode(x: tf.Tensor2D, table: tf.Tensor2D): tf.Tensor2D {
  const size = table.shape[0];
  const pick = tf.customGrad((rows, codes, save) => {
    const [given, all] = [rows as tf.Tensor2D, codes as tf.Tensor2D];
    const products = tf.matMul(given, all, false, true);
    const nearest = tf.argMin(tf.sub(tf.sum(tf.square(all), 1), tf.mul(products, 2)), 1) as tf.Tensor1D;
    (save as tf.GradSaveFunc)([given, nearest]);
    return {
      value: tf.gather(all, nearest),
      gradFunc: (dy, saved) => [
        tf.zerosLike(saved[0] as tf.Tensor),
        tf.unsortedSegmentSum(dy as tf.Tensor, saved[1] as tf.Tensor1D, size),
      ],
    };
  });
  return pick(x, table) as tf.Tensor2D;
}

/** Squared distance of rows, as a mean over them. */
function squaredError(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.mean(tf.sum(tf.square(tf.sub(a, b)), 1));
}
