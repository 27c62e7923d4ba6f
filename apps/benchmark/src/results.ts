import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type RankingResult, readRankingResult } from '@palate/eval';
import type { SystemOptions } from './suite.js';

/** One measured cell of a suite: a row at a seed. */
export interface Cell {
  readonly label: string;
  readonly system: string;
  readonly options: SystemOptions;
  readonly seed: number;
  /** Hash of everything that the result depends on beside the code: suite, options, seed, data. */
  readonly key: string;
  readonly fitSeconds: number;
  readonly result: RankingResult;
}

/** Choice of the tuning for a row, and the values it saw. */
export interface Tuning {
  readonly label: string;
  readonly key: string;
  readonly metric: string;
  readonly chosen: SystemOptions;
  /** Validation value of every combination tried so far. */
  readonly tried: readonly { readonly options: SystemOptions; readonly value: number }[];
}

/** A short hash of a JSON value. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

/** A label as part of a file's name. */
export const fileName = (label: string): string =>
  label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** The file of a cell. */
export function cellPath(folder: string, label: string, seed: number): string {
  return join(folder, 'cells', `${fileName(label)}-seed-${seed}.json`);
}

/** The folder of a cell's training checkpoints, outside of what is committed. */
export function checkpointPath(folder: string, label: string, seed: number): string {
  return join(folder, 'checkpoints', `${fileName(label)}-seed-${seed}`);
}

/** The file of a row's tuning. */
export function tuningPath(folder: string, label: string): string {
  return join(folder, 'tuning', `${fileName(label)}.json`);
}

/** Writes JSON as a whole: a kill leaves the old file or the new one. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}-${randomBytes(3).toString('hex')}`;
  await writeFile(temporary, `${JSON.stringify(value, null, 1)}\n`);
  await rename(temporary, path);
}

/** Reads JSON; nothing if the file is not there or was cut short. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** All finished cells of a results folder. */
export async function readCells(folder: string): Promise<Cell[]> {
  const names = await readdir(join(folder, 'cells')).catch(() => []);
  const cells: Cell[] = [];
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const cell = await readJson<Cell>(join(folder, 'cells', name));
    if (cell) cells.push({ ...cell, result: readRankingResult(cell.result) });
  }
  return cells;
}
