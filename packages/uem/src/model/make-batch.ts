import { padRows } from '@palate/nn';
import type { HistoryVectors } from '../history/history-vectors.js';
import { newestOf, type UserHistory } from '../history/user-history.js';

/** Columns of histories, `[rows, length]` each. */
type Column<T extends Int32Array | Float32Array> = {
  readonly shape: readonly [number, number];
  readonly values: T;
};

/** Items of histories as the network gathers them. */
export interface HistoryColumns {
  readonly items: Column<Int32Array>;
  readonly ratings: Column<Int32Array>;
  readonly present: Column<Float32Array>;
  readonly positions: Column<Int32Array>;
}

/** Lays histories side by side, oldest first, with padding behind. */
export function historyColumns(
  histories: readonly (UserHistory | undefined)[],
  vectors: HistoryVectors,
  length: number,
): HistoryColumns {
  const rows = histories.length;
  const shape = [rows, length] as const;
  const [items, ratings, positions] = [0, 0, 0].map(() => new Int32Array(rows * length)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const present = new Float32Array(rows * length);
  for (const [row, history] of histories.entries()) {
    if (!history) continue;
    const kept = newestOf(history, length);
    const count = kept.items.length;
    for (let k = 0; k < count; k++) {
      const at = row * length + k;
      items[at] = kept.items[k] as number;
      ratings[at] = vectors.ratingRow(kept.ratings?.[k]);
      positions[at] = count - 1 - k;
      present[at] = 1;
    }
  }
  return {
    items: { shape, values: items },
    ratings: { shape, values: ratings },
    present: { shape, values: present },
    positions: { shape, values: positions },
  };
}

/** Pads token lists to one length. */
export function tokenColumns(
  lists: readonly Int32Array[],
  length: number,
  padding: number,
): { readonly ids: Column<Int32Array>; readonly present: Column<Float32Array> } {
  const shape = [lists.length, length] as const;
  const { ids, present } = padRows(lists, length, { padding });
  return { ids: { shape, values: ids }, present: { shape, values: present } };
}
