import { join } from 'node:path';
import { type LongCallOptions, throwIfCancelled } from '@palate/core';
import { heartbeat } from '../heartbeat.js';
import { fileName, hashOf, readJson, writeJson } from '../results.js';

/** A measurement that is no list of recommenders: it has its own table. */
export interface Study {
  readonly name: string;
  readonly title: string;
  /** Notes on what was done, in sentences under the table. */
  readonly protocol: string;
  /** Makes the table; what is measured goes through `cell`, so that a stopped study goes on. */
  readonly run: (context: StudyContext) => Promise<StudyTable>;
}

/** A table of text: numbers are formatted by the study. */
export interface StudyTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Findings, in sentences under the table. */
  readonly notes?: readonly string[] | undefined;
}

type Measure<T> = (call: LongCallOptions) => Promise<T>;

/** Context of a study. */
export interface StudyContext extends LongCallOptions {
  readonly say: (line: string) => void;
  /**
   * Measures something once: a result that is on disk under an equal key is not measured again.
   *
   * @param basis - everything that the result depends on beside the code
   * @param measure - hands its options on to what takes long, so that it can be cancelled and shows progress
   */
  readonly cell: <T>(name: string, basis: unknown, measure: Measure<T>) => Promise<T>;
  /** As `cell`, for what a table can leave out: nothing where only finished results are asked for and this is none. */
  readonly optionalCell: <T>(name: string, basis: unknown, measure: Measure<T>) => Promise<T | undefined>;
}

interface StoredCell {
  readonly key: string;
  readonly value: unknown;
  readonly seconds: number;
}

/**
 * A context whose cells lie in a folder.
 *
 * @param options - `finishedOnly`: the table is made of what is measured, where a study can leave the rest out
 */
export function studyContext(
  folder: string,
  say: (line: string) => void,
  { finishedOnly = false, ...options }: LongCallOptions & { readonly finishedOnly?: boolean | undefined },
): StudyContext {
  const pathOf = (name: string): string => join(folder, 'cells', `${fileName(name)}.json`);
  /** A result that is on disk under an equal key. */
  const measured = async <T>(name: string, key: string): Promise<{ readonly value: T } | undefined> => {
    throwIfCancelled(options.signal, name);
    const stored = await readJson<StoredCell>(pathOf(name));
    if (stored?.key !== key) return undefined;
    say(`${name}: measured before`);
    return { value: stored.value as T };
  };
  const cell = async <T>(name: string, basis: unknown, measure: Measure<T>): Promise<T> => {
    const key = hashOf(basis);
    const before = await measured<T>(name, key);
    if (before) return before.value;
    const started = performance.now();
    const value = await measure({ signal: options.signal, onProgress: heartbeat(name, say) });
    const seconds = (performance.now() - started) / 1000;
    await writeJson(pathOf(name), { key, value, seconds } satisfies StoredCell);
    say(`${name}: ${JSON.stringify(value).slice(0, 160)} (${seconds.toFixed(0)} s)`);
    return value;
  };
  return {
    ...options,
    say,
    cell,
    optionalCell: finishedOnly
      ? async <T>(name: string, basis: unknown) => (await measured<T>(name, hashOf(basis)))?.value
      : cell,
  };
}

/** The table as Markdown, with its title and protocol. */
export function studyMarkdown(study: Study, table: StudyTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `**${study.title}**`,
    '',
    line(table.columns),
    line(table.columns.map((_, k) => (k === 0 ? '---' : '---:'))),
    ...table.rows.map(line),
    '',
    ...(table.notes ?? []).flatMap((note) => [note, '']),
    `${study.protocol} Made by \`node apps/benchmark/bin/palate-benchmark.js study ${study.name}\`.`,
    '',
  ].join('\n');
}

/** The mean; 0 of nothing. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Mean, and the sample deviation where there is more than one value. */
export function meanAndDeviation(values: readonly number[], digits = 4): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return mean.toFixed(digits);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${mean.toFixed(digits)} ± ${Math.sqrt(variance).toFixed(digits)}`;
}
