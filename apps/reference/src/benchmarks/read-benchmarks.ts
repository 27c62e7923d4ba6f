import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError } from '@palate/core';
import { readTable, type TableRow, type TableText } from './read-table.js';

/** Cost of a row, from the records behind the table. */
interface RowCost {
  /** Seconds that the longest fit of the row took. */
  readonly fitSeconds: number;
  /** Seconds to rank for all test users, the longest of the seeds. */
  readonly rankSeconds: number;
  readonly users: number;
}

/** A row with its cost, where records of it are there. */
export interface BenchmarkRow extends TableRow {
  readonly cost?: RowCost;
}

/** A committed table of the benchmark app. */
export interface BenchmarkTable extends TableText {
  /** Folder of the results: the suite's or study's name. */
  readonly name: string;
  /** Leaderboards compare recommenders on lists; studies have columns of their own. */
  readonly kind: 'leaderboard' | 'study';
  readonly rows: readonly BenchmarkRow[];
}

/**
 * Reads every committed table below a folder of results: `NAME/leaderboard.md` or `NAME/table.md`, beside it
 * `NAME/cells/*.json` for what the rows cost. In the order of the names, leaderboards first.
 *
 * @throws InvalidInputError if the folder is not there, or a table in it cannot be read
 */
export async function readBenchmarks(folder: string): Promise<BenchmarkTable[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidInputError({
      expected: `a folder of benchmark results at ${folder}`,
      received: cause.code ?? 'no folder',
      hint: 'Name the folder that palate-benchmark writes to.',
      cause,
    });
  });
  const found = await Promise.all(names.sort().map((name) => readOne(folder, name)));
  const tables = found.filter((table) => table !== undefined);
  return [
    ...tables.filter(({ kind }) => kind === 'leaderboard'),
    ...tables.filter(({ kind }) => kind === 'study'),
  ];
}

async function readOne(folder: string, name: string): Promise<BenchmarkTable | undefined> {
  for (const [kind, file] of [
    ['leaderboard', 'leaderboard.md'],
    ['study', 'table.md'],
  ] as const) {
    const path = join(folder, name, file);
    const text = await readIfThere(path);
    if (text === undefined) continue;
    const table = readTable(text, path);
    if (kind === 'study') return { name, kind, ...table };
    const costs = await readCosts(join(folder, name, 'cells'));
    const rows = table.rows.map((row) => {
      const cost = row.published === undefined ? costs.get(row.cells[0]?.text ?? '') : undefined;
      return cost ? { ...row, cost } : row;
    });
    return { name, kind, ...table, rows };
  }
  return undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The cost of each row by its name: the longest of its seeds. */
async function readCosts(folder: string): Promise<Map<string, RowCost>> {
  const costs = new Map<string, RowCost>();
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const text = await readIfThere(join(folder, name));
    const cell = text === undefined ? undefined : costOf(text);
    if (!cell) continue;
    const known = costs.get(cell.label);
    costs.set(cell.label, {
      fitSeconds: Math.max(known?.fitSeconds ?? 0, cell.fitSeconds),
      rankSeconds: Math.max(known?.rankSeconds ?? 0, cell.rankSeconds),
      users: cell.users,
    });
  }
  return costs;
}

/** Cost in a record of a cell; nothing if it is no such record or was cut short. */
function costOf(text: string): (RowCost & { readonly label: string }) | undefined {
  let cell: { label?: unknown; fitSeconds?: unknown; result?: { seconds?: unknown; users?: unknown } };
  try {
    cell = Object(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { label, fitSeconds, result } = cell;
  if (typeof label !== 'string' || typeof fitSeconds !== 'number') return undefined;
  if (typeof result?.seconds !== 'number' || typeof result.users !== 'number') return undefined;
  return { label, fitSeconds, rankSeconds: result.seconds, users: result.users };
}
