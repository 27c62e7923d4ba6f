import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { PerUserValues, RankingResult } from '@palate/eval';
import { fileName, readJson, writeJson } from './results.js';

/** Values of a cell's users on the leading metric, small enough to be committed and without anybody's id. */
interface StoredValues {
  /** Key of the cell that they belong to. */
  readonly key: string;
  readonly metric: string;
  readonly users: number;
  /** Little-endian float32 in the order of the test's users, gzipped, in base64. */
  readonly values: string;
}

const pathOf = (folder: string, label: string, seed: number): string =>
  join(folder, 'per-user', `${fileName(label)}-seed-${seed}.json`);

/** Writes the values of a result's users on a metric beside the cells. */
export async function writeUserValues(
  folder: string,
  cell: { readonly label: string; readonly seed: number; readonly key: string },
  result: RankingResult,
  metric: string,
): Promise<void> {
  const list = result.perUser?.values[metric];
  if (!list) return;
  const bytes = Buffer.alloc(4 * list.length);
  for (const [u, value] of list.entries()) bytes.writeFloatLE(value, 4 * u);
  await writeJson(pathOf(folder, cell.label, cell.seed), {
    key: cell.key,
    metric,
    users: list.length,
    values: gzipSync(bytes).toString('base64'),
  } satisfies StoredValues);
}

/**
 * Reads the values of a cell's users; nothing if they were not kept, or belong to another measurement. Users are
 * numbered: cells of one test name the same users in the same order.
 */
export async function readUserValues(
  folder: string,
  cell: { readonly label: string; readonly seed: number; readonly key: string },
): Promise<PerUserValues | undefined> {
  const stored = await readJson<StoredValues>(pathOf(folder, cell.label, cell.seed));
  if (stored?.key !== cell.key) return undefined;
  const bytes = gunzipSync(Buffer.from(stored.values, 'base64'));
  if (bytes.length !== 4 * stored.users) return undefined;
  const numbers = Array.from({ length: stored.users }, (_, u) => u);
  return {
    users: numbers.map(String),
    values: { [stored.metric]: numbers.map((u) => bytes.readFloatLE(4 * u)) },
  };
}
