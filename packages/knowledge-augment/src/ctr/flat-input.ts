import * as tf from '@tensorflow/tfjs-core';
import type { CtrInput, CtrShape } from './ctr-input.js';

/** All fields in a row with the numbers, `[rows, flatWidth]`. */
export function flatInput(input: CtrInput): tf.Tensor2D {
  const rows = input.fields.shape[0] as number;
  return tf.concat([tf.reshape(input.fields, [rows, -1]), input.numbers], 1) as tf.Tensor2D;
}

/** Width of {@link flatInput}. */
export function flatWidth({ fields, dimension, numbers }: CtrShape): number {
  return fields * dimension + numbers;
}
