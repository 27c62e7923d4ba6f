import { yieldToEventLoop } from '@palate/core';
import { type Batch, type BatchTensors, batchTensors } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Sizes to which small requests are padded, so that few graphs serve all and one request costs no whole batch. */
const SIZES = [1, 16, 128];

/**
 * Scores rows a batch at a time.
 *
 * @param most - rows of the largest batch
 * @param width - scores of a row
 * @param batchOf - a batch of `size` rows with those at the given positions in front
 * @param score - scores of a batch, row-major
 * @returns row-major, `count` x `width`
 */
export async function scoreRows(
  count: number,
  most: number,
  width: number,
  batchOf: (positions: Int32Array, size: number) => Batch,
  score: (batch: BatchTensors) => tf.Tensor,
): Promise<Float32Array> {
  const scores = new Float32Array(count * width);
  for (let from = 0; from < count; from += most) {
    if (from > 0) await yieldToEventLoop(undefined, 'scoring rows');
    const positions = Int32Array.from({ length: Math.min(most, count - from) }, (_, k) => from + k);
    const size = SIZES.find((each) => each >= positions.length && each < most) ?? most;
    const batch = batchOf(positions, size);
    const values = tf.tidy(() => score(batchTensors(batch)));
    scores.set((await values.data<'float32'>()).subarray(0, positions.length * width), from * width);
    values.dispose();
  }
  return scores;
}
