import type { SqlConnection, SqlRow } from './sql-connection.js';

/**
 * Reads the rows of a table in the order of their sequence numbers, a page at a time.
 *
 * @param select - the statement up to its conditions; the number is one of its columns
 * @param after - only those of a higher number
 * @param page - rows that are read at a time
 */
export async function* rowsInOrder(
  connection: SqlConnection,
  select: string,
  { after, page }: { readonly after: number; readonly page: number },
): AsyncGenerator<SqlRow> {
  for (let last = after; ; ) {
    const [rows = []] = await connection.run([
      {
        text: `${select} where sequence > $1::bigint order by sequence limit ${page}`,
        values: [String(last)],
      },
    ]);
    yield* rows;
    if (rows.length < page) return;
    last = Number(rows.at(-1)?.sequence);
  }
}
