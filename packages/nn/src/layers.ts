import type { RandomStream } from '@palate/core';
import { layerNorm } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { normal, ones, type Parameters, zeros } from './parameters.js';

/** A linear map over the last axis: `x W + b`, for inputs of any rank. */
export class Dense {
  readonly #kernel: tf.Variable;
  readonly #bias: tf.Variable | undefined;
  readonly #units: number;

  /**
   * @param name - prefix of the parameters `kernel` and `bias`
   * @param deviation - standard deviation of the kernel's start. Default `sqrt(2 / (inputs + units))` (Glorot)
   */
  constructor(
    parameters: Parameters,
    name: string,
    inputs: number,
    units: number,
    random: RandomStream,
    options: { readonly bias?: boolean | undefined; readonly deviation?: number | undefined } = {},
  ) {
    this.#units = units;
    this.#kernel = parameters.add(
      `${name}.kernel`,
      [inputs, units],
      normal(options.deviation ?? Math.sqrt(2 / (inputs + units))),
      random,
    );
    this.#bias = options.bias === false ? undefined : parameters.add(`${name}.bias`, [units], zeros, random);
  }

  /** @param x - any shape with `inputs` last; the result has `units` last */
  apply(x: tf.Tensor): tf.Tensor {
    const rows = x.rank === 2 ? x : tf.reshape(x, [-1, x.shape.at(-1) as number]);
    const product = tf.matMul(rows as tf.Tensor2D, this.#kernel as tf.Tensor as tf.Tensor2D);
    const sum = this.#bias ? tf.add(product, this.#bias) : product;
    return x.rank === 2 ? sum : tf.reshape(sum, [...x.shape.slice(0, -1), this.#units]);
  }
}

/** A table of vectors looked up by whole numbers. */
export class Embedding {
  readonly table: tf.Variable;

  constructor(
    parameters: Parameters,
    name: string,
    rows: number,
    width: number,
    random: RandomStream,
    deviation = 0.02,
  ) {
    this.table = parameters.add(`${name}.table`, [rows, width], normal(deviation), random);
  }

  /** @param ids - int32, any shape; the result adds the width as last axis */
  apply(ids: tf.Tensor): tf.Tensor {
    return tf.gather(this.table as tf.Tensor, tf.cast(ids, 'int32'));
  }
}

/** Layer normalisation over the last axis with a learned scale and shift (Ba et al. 2016). */
export class LayerNorm {
  readonly #scale: tf.Variable;
  readonly #shift: tf.Variable;
  readonly #epsilon: number;

  constructor(parameters: Parameters, name: string, width: number, random: RandomStream, epsilon = 1e-5) {
    this.#scale = parameters.add(`${name}.scale`, [width], ones, random);
    this.#shift = parameters.add(`${name}.shift`, [width], zeros, random);
    this.#epsilon = epsilon;
  }

  apply(x: tf.Tensor): tf.Tensor {
    return layerNorm(x, this.#scale, this.#shift, this.#epsilon);
  }
}

/** Scaling by the root mean square over the last axis, without shift (Zhang and Sennrich 2019; T5). */
export class RmsNorm {
  readonly #scale: tf.Variable;
  readonly #epsilon: number;

  constructor(parameters: Parameters, name: string, width: number, random: RandomStream, epsilon = 1e-6) {
    this.#scale = parameters.add(`${name}.scale`, [width], ones, random);
    this.#epsilon = epsilon;
  }

  apply(x: tf.Tensor): tf.Tensor {
    return rmsNorm(x, this.#scale, this.#epsilon);
  }
}

/** `x / sqrt(mean(x^2) + epsilon) * scale`, with its gradient in closed form. */
export function rmsNorm(x: tf.Tensor, scale: tf.Tensor, epsilon: number): tf.Tensor {
  const normalise = tf.customGrad((input, gamma, save) => {
    const given = input as tf.Tensor;
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(given), -1, true), epsilon));
    const standard = tf.mul(given, inverse);
    (save as tf.GradSaveFunc)([standard, inverse, gamma as tf.Tensor]);
    return {
      value: tf.mul(standard, gamma as tf.Tensor),
      gradFunc: (dy, saved) => {
        const [standardised, inverseRoot, weight] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const upstream = dy as tf.Tensor;
        const weighted = tf.mul(upstream, weight);
        const axes = Array.from({ length: upstream.rank - 1 }, (_, axis) => axis);
        const projected = tf.mean(tf.mul(weighted, standardised), -1, true);
        const dx = tf.mul(tf.sub(weighted, tf.mul(standardised, projected)), inverseRoot);
        return [dx, tf.sum(tf.mul(upstream, standardised), axes)];
      },
    };
  });
  return normalise(x, scale);
}
