import type { RandomStream } from '@palate/core';
import {
  type Batch,
  bucketLengths,
  bucketOf,
  type LabelTensors,
  labelColumns,
  padRows,
  type T5,
} from '@palate/nn';
import type { TextRow, TextSource } from './text-row.js';
import type { SourceTensors } from './whole-word-network.js';

/** Rows of near lengths that go through the model together. */
export interface RowBatch {
  /** Row numbers. */
  readonly rows: Int32Array;
  /** Tokens that inputs are padded to. */
  readonly inputs: number;
  /** Tokens that targets are padded to. */
  readonly outputs: number;
}

/** Lengths that inputs are padded to: close, since most of the work is theirs. */
const INPUTS = bucketLengths(16_384, 1.25).filter((length) => length >= 16);
/** Lengths that outputs are padded to: few, since each pair of lengths is a graph of its own. */
const OUTPUTS = bucketLengths(16_384, 2);

/**
 * Cuts rows into batches of near lengths. All are full but the one of the shortest rows, so that few shapes serve all.
 *
 * @param random - shuffles the rows of a length, and the batches; rows stay in order without it
 */
export function batchRows(
  rows: readonly { readonly source: ArrayLike<number>; readonly target?: ArrayLike<number> }[],
  batchSize: number,
  random?: RandomStream,
): RowBatch[] {
  const order = Int32Array.from(rows.keys());
  random?.shuffle(order);
  const lengths = Int32Array.from(
    rows,
    ({ source, target }) => 16_384 * bucketOf(source.length, INPUTS) + bucketOf(target?.length ?? 1, OUTPUTS),
  );
  // Sorts are stable: rows of one length stay shuffled.
  const sorted = order.sort((a, b) => (lengths[b] as number) - (lengths[a] as number));
  const batches: RowBatch[] = [];
  for (let from = 0; from < sorted.length; from += batchSize) {
    const chosen = sorted.slice(from, from + batchSize);
    let inputs = 1;
    let outputs = 1;
    for (const row of chosen) {
      const { source, target } = rows[row] as TextRow;
      inputs = Math.max(inputs, source.length);
      outputs = Math.max(outputs, target?.length ?? 1);
    }
    batches.push({ rows: chosen, inputs: bucketOf(inputs, INPUTS), outputs: bucketOf(outputs, OUTPUTS) });
  }
  return random ? random.shuffle(batches) : batches;
}

/** Columns of inputs: `ids`, `words` and `present`. */
export function sourceColumns(
  sources: readonly TextSource[],
  length: number,
  padding: number,
): Readonly<Record<keyof SourceTensors, Batch[string]>> {
  const shape = [sources.length, length];
  const { ids, present } = padRows(
    sources.map(({ source }) => source),
    length,
    { padding },
  );
  const { ids: words } = padRows(
    sources.map((each) => each.words),
    length,
  );
  return {
    ids: { shape, values: ids },
    words: { shape, values: words },
    present: { shape, values: present },
  };
}

/** Columns of targets: labels, the same shifted right, and which labels count. */
export function targetColumns(
  t5: T5,
  targets: readonly Int32Array[],
  length: number,
): Readonly<Record<keyof LabelTensors, Batch[string]>> {
  return labelColumns(t5, padRows(targets, length, { padding: t5.config.pad_token_id }), length);
}

/** Share of the tokens of an epoch's batches, inputs and targets, that are padding. */
export function paddedShare(rows: readonly TextRow[], batches: readonly RowBatch[]): number {
  let all = 0;
  let real = 0;
  for (const batch of batches) {
    all += batch.rows.length * (batch.inputs + batch.outputs);
    for (const row of batch.rows) {
      const { source, target } = rows[row] as TextRow;
      real += source.length + target.length;
    }
  }
  return all === 0 ? 0 : 1 - real / all;
}
