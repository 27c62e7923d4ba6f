/*
 * Terms: a *row* holds several sequences, one behind another; a *position* is a place for one token; a *batch* has so
 * many rows of so many positions.
 */

import type { RandomStream } from '@palate/core';

/** Tokens that are chosen from for a batch, of those that it has room for: with a few more the gaps at the ends of rows are filled. */
const CHOICE = 1.15;

/** Shape of the batches of {@link packSequences}. */
export interface PackedShape {
  /** Rows of a batch. */
  readonly rows: number;
  /** Positions of a row, at least as many as the longest sequence has. */
  readonly length: number;
  /** Most sequences of a batch. */
  readonly most: number;
}

/** Sequences that go through a model together, several in a row. */
export interface PackedBatch {
  /** Numbers of the sequences. */
  readonly sequences: Int32Array;
  /** Position of the first token of each, from 0 to `rows * length - 1`; none goes over the end of its row. */
  readonly starts: Int32Array;
}

/** A shape that holds about `batchSize` sequences of these lengths, in rows as long as the longest. */
export function packedShape(lengths: ArrayLike<number>, batchSize: number): PackedShape {
  let [count, sum, longest] = [0, 0, 1];
  for (let k = 0; k < lengths.length; k++) {
    if (lengths[k]! === 0) continue;
    count++;
    sum += lengths[k]!;
    longest = Math.max(longest, lengths[k]!);
  }
  const together = Math.min(count, batchSize);
  const rows = Math.max(1, Math.ceil((together * sum) / Math.max(1, count) / longest));
  // So many are seldom more than fit: short ones are drawn beside long ones.
  return { rows, length: longest, most: Math.max(1, Math.ceil(1.25 * together)) };
}

/**
 * Puts sequences into the rows of batches, each sequence once, longest first into the fullest row that has room. What a
 * batch has no room for is among the first of the next.
 *
 * @param lengths - length of each sequence; those of length 0 are left out
 * @param random - shuffles the sequences; they stay in order without it
 */
export function packSequences(
  lengths: ArrayLike<number>,
  { rows, length, most }: PackedShape,
  random?: RandomStream,
): PackedBatch[] {
  const order: number[] = [];
  for (let k = 0; k < lengths.length; k++) if (lengths[k]! > 0) order.push(k);
  random?.shuffle(order);
  const batches: PackedBatch[] = [];
  let waiting: number[] = [];
  let next = 0;
  while (next < order.length || waiting.length > 0) {
    let tokens = waiting.reduce((sum, each) => sum + lengths[each]!, 0);
    while (next < order.length && tokens < CHOICE * rows * length && waiting.length < most) {
      const sequence = order[next++]!;
      waiting.push(sequence);
      tokens += lengths[sequence]!;
    }
    const free = new Int32Array(rows).fill(length);
    const [sequences, starts, left]: [number[], number[], number[]] = [[], [], []];
    for (const sequence of waiting.toSorted((a, b) => lengths[b]! - lengths[a]!)) {
      const own = lengths[sequence]!;
      let row = -1;
      for (let k = 0; k < rows; k++) if (free[k]! >= own && (row < 0 || free[k]! < free[row]!)) row = k;
      if (row < 0 || sequences.length === most) {
        left.push(sequence);
        continue;
      }
      sequences.push(sequence);
      starts.push((row + 1) * length - free[row]!);
      free[row]! -= own;
    }
    batches.push({ sequences: Int32Array.from(sequences), starts: Int32Array.from(starts) });
    waiting = left;
  }
  return random ? random.shuffle(batches) : batches;
}
