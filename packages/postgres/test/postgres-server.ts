import { execFile, spawn } from 'node:child_process';
import { access, chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../../scripts/free-port.js';

const exec = promisify(execFile);

/** A PostgreSQL server of a test's own, on loopback. */
export interface PostgresServer {
  readonly url: string;
  /** Ends it as `kill -9` does; the data stays. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Folder of the server's programs where Debian's package has them; otherwise why there is none. */
export async function findPostgres(): Promise<{ readonly bin: string } | { readonly missing: string }> {
  const root = '/usr/lib/postgresql';
  const versions = await readdir(root).catch(() => [] as string[]);
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (newest !== undefined) return { bin: join(root, newest, 'bin') };
  return { missing: 'no PostgreSQL server is installed here (apt-get install postgresql)' };
}

/** The same of a server that has pgvector as well, which `scripts/postgres-with-vectors.sh` makes. */
export async function findPostgresWithVectors(): Promise<
  { readonly bin: string } | { readonly missing: string }
> {
  const found = await findPostgres();
  if ('missing' in found) return found;
  const version = basename(dirname(found.bin));
  const own = join(process.env.PALATE_CACHE ?? '/var/cache/palate', `postgresql-${version}`);
  const bin = join(own, 'lib/postgresql', version, 'bin');
  const isThere = await access(bin).then(
    () => true,
    () => false,
  );
  return isThere
    ? { bin }
    : { missing: 'no PostgreSQL server with pgvector was made here (scripts/postgres-with-vectors.sh)' };
}

/** Starts a new server, with an empty database and a user whose password is in the URL. */
export async function startPostgres(bin: string): Promise<PostgresServer> {
  const dir = await mkdtemp(join(tmpdir(), 'palate-postgres-'));
  const port = await freePort();
  // PostgreSQL refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  const own: { uid?: number; gid?: number } = {};
  if (isRoot) {
    own.uid = Number((await exec('id', ['-u', 'postgres'])).stdout);
    own.gid = Number((await exec('id', ['-g', 'postgres'])).stdout);
    await chown(dir, own.uid, own.gid);
    // The folder above is the test run's own, which nobody else may enter.
    await exec('chmod', ['o+x', tmpdir()]);
  }
  const data = join(dir, 'data');
  await exec(join(bin, 'initdb'), ['-D', data, '-U', 'palate', '-A', 'trust', '--no-sync'], {
    ...own,
    cwd: dir,
  });
  let ended: Promise<unknown> = Promise.resolve();
  let signal: (name: NodeJS.Signals) => void = () => undefined;
  const start = async (): Promise<void> => {
    const child = spawn(
      join(bin, 'postgres'),
      // The process is killed, not the machine: what is written is there without waiting for the disk.
      ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-k', dir],
      { ...own, cwd: dir, stdio: 'ignore' },
    );
    signal = (name) => child.kill(name);
    ended = new Promise((resolve) => child.once('exit', resolve));
    for (let attempt = 0; ; attempt++) {
      const isReady = await exec(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).then(
        () => true,
        () => false,
      );
      if (isReady) return;
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}`);
      if (attempt > 3000) throw new Error('PostgreSQL did not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await start();
  return {
    url: `postgres://palate:s3cret@127.0.0.1:${port}/postgres`,
    start,
    crash: async () => {
      signal('SIGQUIT');
      await ended;
    },
    stop: async () => {
      signal('SIGINT');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
