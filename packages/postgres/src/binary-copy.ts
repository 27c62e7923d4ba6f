/** A column of rows that are copied into a table, by the type that the table has. */
export type CopyColumn =
  | { readonly type: 'text'; readonly at: (row: number) => string | undefined }
  | { readonly type: 'bytea'; readonly at: (row: number) => Uint8Array }
  | { readonly type: 'int4' | 'float4' | 'float8'; readonly at: (row: number) => number | undefined }
  /** A vector of pgvector: `width` numbers a row. */
  | { readonly type: 'vector'; readonly width: number; readonly at: (row: number) => Float32Array };

/** A table with its columns, as COPY and INSERT name them. */
export const copyTarget = ({
  into,
  columns,
}: {
  readonly into: string;
  readonly columns: Readonly<Record<string, CopyColumn>>;
}): string => `${into} (${Object.keys(columns).join(', ')})`;

/** Bytes that are handed on at a time, about. */
const BLOCK = 1 << 20;
const SIGNATURE = 'PGCOPY\n\xff\r\n\0';

/**
 * Writes rows in the binary format of PostgreSQL's COPY (its documentation, "COPY", "Binary Format"): big-endian fields,
 * each behind its length; -1 for null.
 *
 * @param rows - how many there are
 */
export function* binaryCopy(rows: number, columns: readonly CopyColumn[]): Generator<Uint8Array> {
  const widest = columns.reduce(
    (sum, column) => sum + (column.type === 'vector' ? 8 + 4 * column.width : 12),
    2,
  );
  let bytes = Buffer.allocUnsafe(BLOCK + widest);
  let at = bytes.write(SIGNATURE, 'latin1');
  // No flags, no header extension.
  at = bytes.writeInt32BE(0, bytes.writeInt32BE(0, at));
  /** Room for more than what every row takes. */
  const reserve = (more: number): void => {
    if (at + more <= bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(2 * bytes.length, at + more + widest));
    bytes.copy(grown, 0, 0, at);
    bytes = grown;
  };
  for (let row = 0; row < rows; row++) {
    reserve(widest);
    at = bytes.writeInt16BE(columns.length, at);
    for (const column of columns) {
      if (column.type === 'vector') {
        const vector = column.at(row);
        reserve(widest + 8 + 4 * column.width);
        at = bytes.writeInt32BE(4 + 4 * column.width, at);
        at = bytes.writeInt16BE(0, bytes.writeUInt16BE(column.width, at));
        for (let k = 0; k < column.width; k++) at = bytes.writeFloatBE(vector[k] as number, at);
        continue;
      }
      const value = column.at(row);
      if (value === undefined) {
        at = bytes.writeInt32BE(-1, at);
      } else if (typeof value === 'string') {
        const length = Buffer.byteLength(value);
        reserve(widest + 4 + length);
        at = bytes.writeInt32BE(length, at);
        at += bytes.write(value, at);
      } else if (typeof value === 'object') {
        reserve(widest + 4 + value.length);
        at = bytes.writeInt32BE(value.length, at);
        bytes.set(value, at);
        at += value.length;
      } else if (column.type === 'float8') at = bytes.writeDoubleBE(value, bytes.writeInt32BE(8, at));
      else if (column.type === 'float4') at = bytes.writeFloatBE(value, bytes.writeInt32BE(4, at));
      else at = bytes.writeInt32BE(value, bytes.writeInt32BE(4, at));
    }
    if (at >= BLOCK) {
      yield bytes.subarray(0, at);
      // Rows that were passed on may still be on their way.
      bytes = Buffer.allocUnsafe(BLOCK + widest);
      at = 0;
    }
  }
  reserve(2);
  at = bytes.writeInt16BE(-1, at);
  yield bytes.subarray(0, at);
}
