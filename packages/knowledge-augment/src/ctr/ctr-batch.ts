import type { Batch } from '@palate/nn';
import type { ContextColumns } from '../features/context-columns.js';
import type { CtrSamples } from '../features/ctr-samples.js';
import { knownBefore } from '../features/known-history.js';

/** Rows of a batch that is being filled. */
export interface BatchRows {
  readonly user: Int32Array;
  readonly item: Int32Array;
  readonly label: Float32Array;
  readonly weight: Float32Array;
  readonly history: Int32Array;
  readonly liked: Float32Array;
  readonly present: Float32Array;
  readonly codes: Int32Array;
  readonly numbers: Float32Array;
}

/** An empty batch: rows that are not filled have weight 0. */
export function emptyRows(
  rows: number,
  historyLength: number,
  context: Pick<ContextColumns, 'slots' | 'width'>,
): BatchRows {
  return {
    user: new Int32Array(rows),
    item: new Int32Array(rows),
    label: new Float32Array(rows),
    weight: new Float32Array(rows),
    history: new Int32Array(rows * historyLength),
    liked: new Float32Array(rows * historyLength),
    present: new Float32Array(rows * historyLength),
    codes: new Int32Array(rows * context.slots),
    numbers: new Float32Array(rows * context.width),
  };
}

/** Filled rows as a batch. */
export function asBatch(filled: BatchRows): Batch {
  const { user, item, label, weight, history, liked, present, codes, numbers } = filled;
  const rows = user.length;
  const shape = [rows, history.length / rows];
  return {
    user: { shape: [rows], values: user },
    item: { shape: [rows], values: item },
    label: { shape: [rows], values: label },
    weight: { shape: [rows], values: weight },
    history: { shape, values: history },
    liked: { shape, values: liked },
    present: { shape, values: present },
    ...(codes.length > 0 ? { codes: { shape: [rows, codes.length / rows], values: codes } } : {}),
    ...(numbers.length > 0 ? { numbers: { shape: [rows, numbers.length / rows], values: numbers } } : {}),
  };
}

/** Samples as numbers of a fixed shape; rows beyond the samples have weight 0. */
export function ctrBatch(
  samples: CtrSamples,
  positions: ArrayLike<number>,
  rows: number,
  historyLength: number,
  context?: ContextColumns,
): Batch {
  const { log, liked } = samples;
  const { offsets, row } = log.byUser();
  const filled = emptyRows(rows, historyLength, context ?? { slots: 0, width: 0 });
  for (let k = 0; k < positions.length; k++) {
    const at = positions[k]!;
    filled.user[k] = samples.user[at]!;
    filled.item[k] = samples.item[at]!;
    filled.label[k] = samples.label[at]!;
    filled.weight[k] = 1;
    const past = samples.past?.[at] ?? knownBefore(log, samples.user[at]!, samples.position[at]!);
    const taken = Math.min(historyLength, past);
    const first = offsets[samples.user[at]!]! + past - taken;
    const to = (k + 1) * historyLength - taken;
    for (let i = 0; i < taken; i++) {
      const r = row[first + i]!;
      filled.history[to + i] = log.item[r]!;
      filled.liked[to + i] = liked[r]!;
      filled.present[to + i] = 1;
    }
    if (context) fillContext(filled, k, context, at);
  }
  return asBatch(filled);
}

/** Copies a row of context columns. */
export function fillContext(filled: BatchRows, to: number, context: ContextColumns, from: number): void {
  const { slots, width, codes, numbers } = context;
  for (let slot = 0; slot < slots; slot++) filled.codes[to * slots + slot] = codes[from * slots + slot]!;
  for (let k = 0; k < width; k++) filled.numbers[to * width + k] = numbers[from * width + k]!;
}
