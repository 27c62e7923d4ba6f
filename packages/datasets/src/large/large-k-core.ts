import type { LongCallOptions } from '@palate/core';
import { K_CORE, type KCoreOptions } from '../splits/filters.js';
import type { DuckDbSession } from './duckdb-session.js';

/**
 * Finds the users and items of the iterated k-core of a table: one pass over its rows for users and one for items a round.
 *
 * @param use - told the condition that the rows of the core fulfil, while the tables that it names are there
 */
export async function withCore<T>(
  session: DuckDbSession,
  rows: string,
  options: KCoreOptions & LongCallOptions,
  use: (condition: string) => Promise<T>,
): Promise<T> {
  const { signal, onProgress, ...least } = options;
  const { users, items } = K_CORE.settings(least);
  const [kept, other] = [session.newName(), session.newName()];
  const survivors = async (table: string, column: string, count: number, among: string): Promise<number> => {
    await session.run(
      `create or replace temp table ${table} as select ${column} as number from ${rows} ${among}
       group by ${column} having count(*) >= ${count}`,
      signal,
    );
    return session.number(`select count(*) from ${table}`, signal);
  };
  let before = [-1, -1];
  for (let round = 0; ; round++) {
    const now = [
      await survivors(kept, 'user_number', users, round === 0 ? '' : `where item_number in (from ${other})`),
      await survivors(other, 'item_number', items, `where user_number in (from ${kept})`),
    ];
    onProgress?.({ phase: 'k-core', done: round + 1 });
    if (now[0] === before[0] && now[1] === before[1]) break;
    before = now;
  }
  const log = await use(`user_number in (from ${kept}) and item_number in (from ${other})`);
  await session.run(`drop table ${kept}; drop table ${other}`);
  return log;
}
