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

/** Context of a study. */
export interface StudyContext extends LongCallOptions {
  readonly say: (line: string) => void;
  /** Whether the table is made of what is measured, where a study can leave the rest out. */
  readonly finishedOnly?: boolean | undefined;
  /** Whether a result is on disk under an equal key. */
  readonly isMeasured: (name: string, basis: unknown) => Promise<boolean>;
  /**
   * Measures something once: a result that is on disk under an equal key is not measured again.
   *
   * @param basis - everything that the result depends on beside the code
   * @param measure - hands its options on to what takes long, so that it can be cancelled and shows progress
   */
  readonly cell: <T>(
    name: string,
    basis: unknown,
    measure: (call: LongCallOptions) => Promise<T>,
  ) => Promise<T>;
}

interface StoredCell {
  readonly key: string;
  readonly value: unknown;
  readonly seconds: number;
}

/** A context whose cells lie in a folder. */
export function studyContext(
  folder: string,
  say: (line: string) => void,
  options: LongCallOptions & Pick<StudyContext, 'finishedOnly'>,
): StudyContext {
  const pathOf = (name: string): string => join(folder, 'cells', `${fileName(name)}.json`);
  const storedCell = (name: string): Promise<StoredCell | undefined> => readJson<StoredCell>(pathOf(name));
  return {
    ...options,
    say,
    isMeasured: async (name, basis) => (await storedCell(name))?.key === hashOf(basis),
    cell: async <T>(
      name: string,
      basis: unknown,
      measure: (call: LongCallOptions) => Promise<T>,
    ): Promise<T> => {
      throwIfCancelled(options.signal, name);
      const key = hashOf(basis);
      const stored = await storedCell(name);
      if (stored?.key === key) {
        say(`${name}: measured before`);
        return stored.value as T;
      }
      const started = performance.now();
      const value = await measure({ signal: options.signal, onProgress: heartbeat(name, say) });
      const seconds = (performance.now() - started) / 1000;
      await writeJson(pathOf(name), { key, value, seconds } satisfies StoredCell);
      say(`${name}: ${JSON.stringify(value).slice(0, 160)} (${seconds.toFixed(0)} s)`);
      return value;
    },
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
