import type { RandomStream } from '@palate/core';

/**
 * Lengths to which sequences are padded: few, so that few graphs serve all, and close, so that little is wasted.
 *
 * @param growth - from one length to the next: 1.5 for training, where waste counts; 2 for serving, where each graph
 *   is used a few times only
 */
export function bucketLengths(maxLength: number, growth = 1.5): number[] {
  const lengths: number[] = [];
  for (let length = 4; length < maxLength; length = Math.ceil(length * growth)) lengths.push(length);
  return [...lengths, maxLength];
}

/** The smallest bucket that holds a length. */
export function bucketOf(length: number, buckets: readonly number[]): number {
  return buckets.find((bucket) => bucket >= length) ?? (buckets.at(-1) as number);
}

/** Rows that go through the model together, all padded to one length. */
export interface LengthBatch {
  readonly length: number;
  /** Row numbers; fewer than the batch size only in the last batch of a bucket. */
  readonly rows: Int32Array;
}

/**
 * Groups rows by length and cuts each group into batches.
 *
 * @param lengths - length of each row; rows of length 0 are left out
 * @param random - shuffles rows within buckets and the batches; rows stay in order without it
 */
export function batchByLength(
  lengths: ArrayLike<number>,
  batchSize: number,
  buckets: readonly number[],
  random?: RandomStream,
): LengthBatch[] {
  const groups = new Map<number, number[]>(buckets.map((bucket) => [bucket, []]));
  for (let row = 0; row < lengths.length; row++)
    if (lengths[row]! > 0) groups.get(bucketOf(lengths[row]!, buckets))?.push(row);
  const batches: LengthBatch[] = [];
  for (const [length, rows] of groups) {
    random?.shuffle(rows);
    for (let from = 0; from < rows.length; from += batchSize)
      batches.push({ length, rows: Int32Array.from(rows.slice(from, from + batchSize)) });
  }
  return random ? random.shuffle(batches) : batches;
}
