import type { InteractionLog } from '@palate/core';

/** A sparse binary matrix in compressed rows; columns within a row rise and stand once. */
export interface SparseRows {
  readonly offsets: Int32Array;
  readonly columns: Int32Array;
}

/** Users by items: 1 where a user has interacted with an item, however often. */
export function userItemMatrix(log: InteractionLog): SparseRows {
  const { offsets, item } = log.byUser();
  const users = log.users.size;
  const lengths = new Int32Array(users + 1);
  const columns = new Int32Array(item.length);
  let at = 0;
  for (let user = 0; user < users; user++) {
    const row = item.slice(offsets[user], offsets[user + 1]).sort();
    let last = -1;
    for (const each of row) {
      if (each === last) continue;
      columns[at++] = each;
      last = each;
    }
    lengths[user + 1] = at;
  }
  return { offsets: lengths, columns: columns.slice(0, at) };
}

/** The same matrix by columns: for each item the users who have it, rising. */
export function transpose({ offsets, columns }: SparseRows, columnCount: number): SparseRows {
  const starts = new Int32Array(columnCount + 1);
  for (const column of columns) starts[column + 1]! += 1;
  for (let c = 0; c < columnCount; c++) starts[c + 1]! += starts[c]!;
  const cursor = starts.slice(0, -1);
  const rows = new Int32Array(columns.length);
  for (let row = 0; row + 1 < offsets.length; row++)
    for (let p = offsets[row]!; p < offsets[row + 1]!; p++) {
      const column = columns[p]!;
      rows[cursor[column]!] = row;
      cursor[column]! += 1;
    }
  return { offsets: starts, columns: rows };
}
