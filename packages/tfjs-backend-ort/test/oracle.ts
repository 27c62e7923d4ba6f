import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { registerOrtBackend } from '../src/index.js';

registerOrtBackend({ threads: 1 });

/** Values of every tensor that `run` returns, computed on a backend. */
export async function on(
  backend: string,
  run: () => tf.Tensor | tf.Tensor[],
): Promise<{ shape: number[]; dtype: string; values: number[] }[]> {
  await tf.setBackend(backend);
  return tf.tidy(() =>
    [run()]
      .flat()
      .map((each) => ({ shape: each.shape, dtype: each.dtype, values: Array.from(each.dataSync()) })),
  );
}
