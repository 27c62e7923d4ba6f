import type { InteractionLog } from '@palate/core';

/** A sparse binary matrix in compressed rows; columns within a row rise and stand once. */
export interface SparseRows {
  readonly offsets: Int32Array;
  readonly columns: Int32Array;
}

/** Where each row starts, from the row of each entry. */
function startsOf(rows: Int32Array, count: number): Int32Array {
  const starts = new Int32Array(count + 1);
  for (let k = 0; k < rows.length; k++) starts[rows[k]! + 1]! += 1;
  for (let row = 0; row < count; row++) starts[row + 1]! += starts[row]!;
  return starts;
}

/** Users by items: 1 where a user has interacted with an item, however often. Its cost is linear in the log. */
export function userItemMatrix(log: InteractionLog): SparseRows {
  const { user, item } = log;
  const starts = startsOf(item, log.items.size);
  const cursor = starts.slice(0, -1);
  const users = new Int32Array(log.length);
  for (let row = 0; row < log.length; row++) {
    const at = item[row]!;
    users[cursor[at]!] = user[row]!;
    cursor[at]! += 1;
  }
  // Read item by item, the items of each user come out rising: no sorting is needed.
  return distinct(transpose({ offsets: starts, columns: users }, log.users.size));
}

/** Leaves the first of equal neighbours within a row; writes into the columns given. */
function distinct({ offsets, columns }: SparseRows): SparseRows {
  const starts = new Int32Array(offsets.length);
  let at = 0;
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let p = offsets[row]!; p < offsets[row + 1]!; p++)
      if (p === offsets[row]! || columns[p] !== columns[p - 1]) columns[at++] = columns[p]!;
    starts[row + 1] = at;
  }
  return { offsets: starts, columns: columns.slice(0, at) };
}

/** The same matrix by columns: for each item the users who have it, rising. */
export function transpose({ offsets, columns }: SparseRows, columnCount: number): SparseRows {
  const starts = startsOf(columns, columnCount);
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
