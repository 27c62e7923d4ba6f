// PGlite in a thread of its own, since a query keeps its thread busy. It is plain JavaScript, so that a worker can start
// from the sources as well as from the build.
//
// PGlite runs PostgreSQL with fsync off, and its file system has no fsync. Here it gets one, and PostgreSQL is told to
// use it: then a transaction is on the disk when it is answered, and checkpoints are as PostgreSQL means them.
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/** Files of the file system of the host, with an fsync that reaches the disk. */
class DurableFiles extends NodeFS {
  /** @type {NodeFS['init']} */
  async init(pg, options) {
    const { emscriptenOpts } = await super.init(pg, options);
    /** @param {any} module */
    const addFsync = (module) => {
      /** @param {{ nfd: number }} stream */
      module.FS.filesystems.NODEFS.stream_ops.fsync = (stream) => fsyncSync(stream.nfd);
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [addFsync, ...(emscriptenOpts.preRun ?? [])] } };
  }
}

const DURABLE = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  '-c',
  // The system call behind the default, fdatasync, does nothing in this build; fsync does.
  'wal_sync_method=fsync',
  '-c',
  // One connection that appends needs no cache of 128 MB.
  'shared_buffers=8MB',
];

/** @param {string} path */
function sync(path) {
  // Folders cannot be opened everywhere.
  if (process.platform === 'win32') return;
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** @param {string} dir */
function syncTree(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else if (entry.isFile()) sync(path);
  }
  sync(dir);
}

/** @param {string} dir @param {string} writing */
async function makeDatabase(dir, writing) {
  if (existsSync(dir)) return;
  try {
    // A kill while it is made leaves nothing under its name.
    const made = await PGlite.create({ fs: new NodeFS(writing) });
    await made.close();
    syncTree(writing);
    renameSync(writing, dir);
    sync(dirname(dir));
  } catch (error) {
    rmSync(writing, { recursive: true, force: true });
    throw error;
  }
}

/** pgvector, where it is installed: without it the rest of the schema works. */
async function vectorExtension() {
  try {
    const { vector } = await import('@electric-sql/pglite-pgvector');
    return { vector };
  } catch (error) {
    const { code } = /** @type {{ code?: string }} */ (error);
    if (code === 'ERR_MODULE_NOT_FOUND') return {};
    throw error;
  }
}

async function run() {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  const { dir, writing, task } = workerData;
  if (task === 'make') {
    await makeDatabase(dir, writing);
    port.postMessage({ kind: 'made' });
    return;
  }
  const extensions = await vectorExtension();
  const database = await PGlite.create({ fs: new DurableFiles(dir), startParams: DURABLE, extensions });
  port.postMessage({ kind: 'open' });
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  port.on('message', ({ id, steps }) => {
    last = last.then(async () => {
      try {
        if (steps === undefined) {
          await database.close();
          port.postMessage({ id, rows: [] });
          port.close();
          return;
        }
        const rows = await database.transaction(async (transaction) => {
          const all = [];
          for (const { text, values, into, bytes } of steps) {
            const { rows } =
              into === undefined
                ? await transaction.query(text, values)
                : await transaction.query(`copy ${into} from '/dev/blob' with (format binary)`, [], {
                    blob: new Blob(bytes),
                  });
            all.push(rows);
          }
          return all;
        });
        port.postMessage({ id, rows });
      } catch (error) {
        const { message, code } = /** @type {{ message?: string, code?: string }} */ (error);
        port.postMessage({ id, error: { message: message ?? String(error), code } });
      }
    });
  });
}

if (workerData?.kind === 'palate-pglite') await run();
