import { spawn } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../../../scripts/free-port.js';

/** A Redis server of a test's own, on loopback. */
export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The server's program where it is on the path; otherwise why there is none. */
export async function findRedis(): Promise<{ readonly bin: string } | { readonly missing: string }> {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const bin = join(dir, 'redis-server');
    if (
      await access(bin).then(
        () => true,
        () => false,
      )
    )
      return { bin };
  }
  return { missing: 'no Redis server is installed here (apt-get install redis-server)' };
}

/** Starts a new, empty server that keeps what it is told. */
export async function startRedis(bin: string): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'palate-redis-'));
  const port = await freePort();
  const child = spawn(
    bin,
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--appendonly', 'yes', '--save', ''],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (/Ready to accept connections/.test(output)) resolve();
    });
    void ended.then(() => reject(new Error(`Redis ended: ${output}`)));
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
