import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { CancelledError, ParseError } from '@palate/core';
import type { ParquetOptions } from './parquet-options.js';
import { namesOf } from './table-columns.js';

/** A top-level column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: string;
  /** Names of the fields of a struct. */
  readonly fields: readonly string[];
  /** Those of them whose values are times. */
  readonly timeFields: readonly string[];
  /** Whether its values are times, which come as seconds since 1970. */
  readonly isTime: boolean;
}

/** Some consecutive rows, as columns by name. */
export interface ParquetRows {
  /** Row number of the first, from 0. */
  readonly from: number;
  readonly count: number;
  readonly columns: Readonly<Record<string, ArrayLike<unknown>>>;
}

type Message =
  | { kind: 'schema'; columns: ParquetColumn[]; rows: number; codecs: string[] }
  | ({ kind: 'rows' } & ParquetRows)
  | { kind: 'end' }
  | { kind: 'error'; message: string; codecs: string[] };

const MEGABYTE = 1 << 20;

/**
 * Reads columns of a Parquet file in a worker thread, with every codec of the format. A file whose reading takes more
 * time or memory than its size justifies is refused, and the worker is ended.
 *
 * @param choose - called with the columns and the number of rows; returns the names of those to read
 * @param visit - called with the rows, in order; throwing ends the reading
 * @throws ParseError for a damaged file, naming its columns and codecs
 */
export async function readParquet(
  path: string,
  choose: (columns: readonly ParquetColumn[], rows: number) => readonly string[],
  visit: (rows: ParquetRows) => void,
  options: ParquetOptions = {},
): Promise<void> {
  const what = `reading ${path}`;
  const size = sizeOf(path);
  const megabytes = Math.ceil(options.maxMegabytes ?? 512 + (32 * size) / MEGABYTE);
  const seconds = options.maxSeconds ?? 20 + size / MEGABYTE;
  const worker = new Worker(new URL('./parquet-worker.js', import.meta.url), {
    workerData: {
      kind: 'palate-parquet',
      path,
      binaryIds: options.binaryIds ?? 'utf-8',
      mostBytes: megabytes * MEGABYTE,
    },
    resourceLimits: { maxOldGenerationSizeMb: megabytes },
    execArgv: [],
  });
  const residentBefore = process.memoryUsage.rss();
  let columns: readonly ParquetColumn[] = [];
  let codecs: readonly string[] = [];
  let total = 0;
  const refuse = (expected: string, received: string, hint: string, cause?: unknown): ParseError =>
    new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected,
        received: `${received}${
          columns.length > 0
            ? ` (columns ${namesOf(columns.map(({ name, type }) => `${name}: ${type}`))}; codec ${codecs.join(', ')})`
            : ''
        }`,
        hint,
        cause,
      },
    );
  const hint = 'The file is damaged, or of a kind that hyparquet does not read: write it again, or as CSV.';
  try {
    await new Promise<void>((resolve, reject) => {
      let lastNews = Date.now();
      const watch = setInterval(() => {
        if (Date.now() - lastNews > seconds * 1000)
          reject(
            refuse(
              'a Parquet file whose row groups are read in time',
              `no row group within ${Math.round(seconds)} s from a file of ${size.toLocaleString('en-US')} bytes`,
              `${hint} If it is whole, raise maxSeconds.`,
            ),
          );
        else if (process.memoryUsage.rss() - residentBefore > 2 * megabytes * MEGABYTE)
          reject(tooMuchMemory());
      }, 100);
      const tooMuchMemory = (): ParseError =>
        refuse(
          'a Parquet file that takes memory in proportion to its size',
          `more than ${megabytes} MB for a file of ${size.toLocaleString('en-US')} bytes`,
          `${hint} If it is whole, raise maxMegabytes.`,
        );
      const onAbort = (): void => reject(new CancelledError(what, options.signal?.reason));
      const settle = (): void => {
        clearInterval(watch);
        options.signal?.removeEventListener('abort', onAbort);
      };
      options.signal?.addEventListener('abort', onAbort);
      if (options.signal?.aborted) onAbort();
      worker.on('message', (message: Message) => {
        lastNews = Date.now();
        try {
          if (message.kind === 'schema') {
            columns = message.columns;
            codecs = message.codecs;
            total = message.rows;
            worker.postMessage(choose(columns, total));
          } else if (message.kind === 'rows') {
            visit(message);
            options.onProgress?.({ phase: what, done: message.from + message.count, total });
            worker.postMessage('next');
          } else if (message.kind === 'end') {
            settle();
            resolve();
          } else {
            codecs = message.codecs;
            reject(refuse('a complete Parquet file', message.message, hint));
          }
        } catch (error) {
          reject(error);
        }
      });
      worker.on('error', (error: NodeJS.ErrnoException) =>
        reject(
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? tooMuchMemory()
            : refuse('a complete Parquet file', error.message, hint, error),
        ),
      );
      worker.on('exit', () => {
        settle();
        reject(refuse('a complete Parquet file', 'a reader that stopped', hint));
      });
    });
  } finally {
    await worker.terminate();
  }
}

function sizeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) return stats.size;
  throw new ParseError(
    { file: path, line: 1, column: 1 },
    { expected: 'a readable file', received: stats ? 'a folder' : 'nothing there', hint: 'Check the path.' },
  );
}
