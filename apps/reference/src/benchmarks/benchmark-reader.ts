import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileStamp } from '../file-stamp.js';
import { type BenchmarkTable, readBenchmarks } from './read-benchmarks.js';

/** Reads the committed tables when they are first asked for, and again where a file of them has changed since. */
export class BenchmarkReader {
  readonly #folder: string;
  #known: { readonly stamp: string; readonly tables: Promise<readonly BenchmarkTable[]> } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws InvalidInputError if the folder is not there, or a table in it cannot be read */
  async tables(): Promise<readonly BenchmarkTable[]> {
    const stamp = await this.#stamp();
    if (this.#known?.stamp === stamp) return this.#known.tables;
    const tables = readBenchmarks(this.#folder);
    const known = { stamp, tables };
    this.#known = known;
    // A table that could not be read is tried again.
    tables.catch(() => {
      if (this.#known === known) this.#known = undefined;
    });
    return tables;
  }

  /** Names, sizes and times of change of all files below the folder. */
  async #stamp(): Promise<string> {
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile() && /\.(md|json)$/.test(entry.name));
    const stamps = await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return `${path} ${await fileStamp(path)}`;
      }),
    );
    return stamps.sort().join('\n');
  }
}
