import { once } from 'node:events';
import { readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  ArtifactError,
  type FolderLock,
  isLockName,
  lockFolder,
  StoreError,
  storeErrorOf,
} from '@palate/core';
import { binaryCopy, copyTarget } from './binary-copy.js';
import type { SqlConnection, SqlRow, SqlStatement, SqlStep } from './sql-connection.js';

/** Folder of the database itself inside the store's. */
const DATABASE = 'pgdata';

type Answer =
  | { readonly kind: 'open' | 'made' }
  | { readonly id: number; readonly rows: SqlRow[][] }
  | { readonly id: number; readonly error: { readonly message: string; readonly code?: string } };

const asMessage = (step: SqlStep): SqlStatement | CopiedRows =>
  'into' in step
    ? { into: copyTarget(step), bytes: [...binaryCopy(step.rows, Object.values(step.columns))] }
    : step;

/** Rows to be copied, as they go to the thread. */
interface CopiedRows {
  readonly into: string;
  readonly bytes: readonly Uint8Array[];
}

interface Call {
  readonly resolve: (rows: SqlRow[][]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A PGlite database in a folder, in a worker thread. The folder is locked while it is open: PGlite itself would let a
 * second process in, and rows would be lost.
 */
export class PgliteConnection implements SqlConnection {
  readonly #worker: Worker;
  readonly #lock: FolderLock;
  readonly #place: string;
  readonly #calls = new Map<number, Call>();
  #lastCall = 0;
  #ended: StoreError | undefined;

  private constructor(worker: Worker, lock: FolderLock, place: string) {
    this.#worker = worker;
    this.#lock = lock;
    this.#place = place;
    worker.on('message', (answer: Answer) => {
      if (!('id' in answer)) return;
      const call = this.#calls.get(answer.id);
      this.#calls.delete(answer.id);
      if (this.#calls.size === 0) worker.unref();
      if ('rows' in answer) call?.resolve(answer.rows);
      else call?.reject(storeErrorOf(place, 'run a transaction', Object.assign(new Error(), answer.error)));
    });
    worker.on('error', (cause) => this.#end(cause));
    worker.on('exit', () => this.#end(new Error('its thread ended')));
    worker.unref();
  }

  /**
   * Opens the database in a folder; a new one is made there.
   *
   * @throws StoreError of code `store-locked` while another process has it open
   * @throws ArtifactError if the folder holds something else, or the database cannot be opened
   */
  static async open(folder: string): Promise<PgliteConnection> {
    const place = resolve(folder);
    await checkOwn(place);
    const lock = await lockFolder(place, 'a database of Palate');
    try {
      // We hold the folder: what others began to make there is left over.
      for (const name of await readdir(place))
        if (isBeingMade(name)) await rm(join(place, name), { recursive: true, force: true });
      // Making a database takes several times the memory of an open one: it is freed with the thread that made it.
      if (!(await exists(join(place, DATABASE)))) await told(startThread(place, 'make'), 'made');
      const worker = startThread(place, 'open');
      await told(worker, 'open');
      return new PgliteConnection(worker, lock, place);
    } catch (cause) {
      await lock.release();
      const error = storeErrorOf(place, 'open the database', cause);
      if (error.code !== 'store-failed') throw error;
      throw new ArtifactError(place, {
        expected: 'a database of PGlite that can be opened',
        received: cause instanceof Error ? cause.message : String(cause),
        hint: 'Restore the folder from a copy, or choose another: nothing was deleted.',
        cause,
      });
    }
  }

  run(steps: readonly SqlStep[]): Promise<SqlRow[][]> {
    return this.#call(steps.map(asMessage));
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    try {
      await this.#call(undefined);
      await this.#worker.terminate();
    } finally {
      this.#end(new Error('it was closed'));
      await this.#lock.release();
    }
  }

  #call(steps: readonly (SqlStatement | CopiedRows)[] | undefined): Promise<SqlRow[][]> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      // While something is asked the process stays.
      this.#worker.ref();
      this.#worker.postMessage({ id, steps });
    });
  }

  #end(cause: unknown): void {
    this.#ended ??= new StoreError('store-failed', this.#place, {
      expected: 'a running database',
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'Open the store again: everything acknowledged is kept.',
      cause,
    });
    for (const { reject } of this.#calls.values()) reject(this.#ended);
    this.#calls.clear();
  }
}

function startThread(place: string, task: 'make' | 'open'): Worker {
  return new Worker(new URL('./pglite-worker.js', import.meta.url), {
    workerData: {
      kind: 'palate-pglite',
      task,
      dir: join(place, DATABASE),
      writing: join(place, `${DATABASE}.writing-${process.pid}`),
    },
    // Options of this process, such as loaders, are not those of the worker.
    execArgv: [],
  });
}

/** Waits until a thread says that it has done its task: one that opens goes on, one that makes ends. */
async function told(worker: Worker, kind: 'open' | 'made'): Promise<void> {
  const ended = once(worker, 'exit').then(([code]) => {
    throw new Error(`the thread of PGlite ended with ${code}`);
  });
  // Later it is the connection that tells of it.
  ended.catch(() => undefined);
  const message = once(worker, 'message');
  message.catch(() => undefined);
  await Promise.race([message, ended]);
  if (kind === 'made') await worker.terminate();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const isBeingMade = (name: string): boolean => /^pgdata\.writing-\d+$/.test(name);

/** Refuses a folder of something else, before anything is written there. */
async function checkOwn(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw cause.code === 'ENOTDIR'
      ? new ArtifactError(folder, {
          expected: 'a folder for a database of Palate',
          received: 'a file',
          hint: 'Choose another path: nothing was changed.',
        })
      : storeErrorOf(folder, 'read the folder', cause);
  });
  const foreign = names.find((name) => name !== DATABASE && !isLockName(name) && !isBeingMade(name));
  if (foreign !== undefined)
    throw new ArtifactError(folder, {
      expected: 'a new folder, or one of a database of Palate',
      received: `one that contains ${JSON.stringify(foreign)}`,
      hint: 'Choose another folder: nothing was changed.',
    });
}
