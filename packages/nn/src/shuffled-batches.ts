import type { RandomStream } from '@palate/core';
import type { Batch } from './batch.js';

/**
 * Gives the batches of an epoch in which each row has one turn, in random order; the last batch may be shorter.
 *
 * @param rows - what is shuffled; left as it is
 * @param random - the stream of the epoch
 * @param make - makes the batch of some rows when its turn comes
 */
export function shuffledBatches(
  rows: Int32Array,
  batchSize: number,
  random: RandomStream,
  make: (rows: Int32Array, index: number) => Batch,
): (() => Batch)[] {
  const order = random.fork('order').shuffle(rows.slice());
  return Array.from(
    { length: Math.ceil(order.length / batchSize) },
    (_, index) => () => make(order.subarray(index * batchSize, (index + 1) * batchSize), index),
  );
}
