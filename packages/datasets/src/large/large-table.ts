import type { IdMap, LongCallOptions } from '@palate/core';
import { type DuckDbSession, numbersIn } from './duckdb-session.js';
import type { SplitPart, SplitParts } from './split-parts.js';

/** Dense numbers that several logs share. */
interface SharedNumbers {
  /** Table whose users and items have numbers. */
  readonly rows: string;
  /** Id maps of the logs in memory, once one was read: logs of one origin share them. */
  readonly maps: { user?: IdMap; item?: IdMap };
}

/** Facts about a table of interactions. */
export interface LargeTable {
  /** Name of the table, or a query in brackets. */
  readonly rows: string;
  /** Number of its interactions. */
  readonly length: number;
  readonly hasRating: boolean;
  readonly timeUnit: 'seconds' | 'position';
  /** Whose numbers its rows share, where they are those of another log: a part of a split. */
  readonly numbering?: SharedNumbers | undefined;
  /** Which part of a split it is. */
  readonly part?: { readonly name: SplitPart; readonly of: SplitParts } | undefined;
}

/**
 * External ids of the users or items of a table that have interactions, in the order in which the files name them, with the
 * dense number of each number of the tables.
 */
export async function idsInUse(
  session: DuckDbSession,
  table: LargeTable,
  of: 'user' | 'item',
  { signal }: LongCallOptions,
): Promise<{ readonly ids: string[]; readonly numbers: Int32Array }> {
  const rows = table.numbering?.rows ?? table.rows;
  const count = await session.number(`select count(*) from ${of}s`, signal);
  const numbers = new Int32Array(count).fill(-1);
  const ids: string[] = [];
  const sql = `select number, id from ${of}s where number in (select ${of}_number from ${rows}) order by number`;
  for await (const chunk of session.chunks(sql, signal)) {
    const [found, texts] = [numbersIn(chunk, 0), chunk.getColumnValues(1)];
    for (let row = 0; row < chunk.rowCount; row++) {
      numbers[found[row] as number] = ids.length;
      ids.push(String(texts[row]));
    }
  }
  return { ids, numbers };
}
