import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArtifactError } from '../basics/errors.js';
import { StoreError } from './store-error.js';

const SCRIPT = fileURLToPath(new URL('check-database.mjs', import.meta.url));

/** Seconds that a check may take: a start, and a share by the size of the file. */
const secondsFor = (bytes: number): number => 60 + Math.ceil(bytes / 1e6);

interface Verdict {
  readonly records?: number | undefined;
  readonly damage?: string | undefined;
  readonly failure?: string | undefined;
  readonly busy?: boolean | undefined;
}

/**
 * Checks an LMDB folder from outside, in a short-lived process that walks the whole file: a damaged one could end the
 * process that maps it.
 *
 * @param driver - URL of the `lmdb` module
 * @param hint - what to do about a damaged file
 * @throws ArtifactError if the file is damaged, or the check does not survive it
 */
export async function checkDatabase(dir: string, driver: string, hint: string): Promise<void> {
  const file = await stat(join(dir, 'data.mdb')).catch(() => undefined);
  if (!file || file.size === 0) return;
  const { code, signal, output, errors } = await run([SCRIPT, dir, driver], secondsFor(file.size) * 1000);
  let verdict: Verdict | undefined;
  try {
    verdict = JSON.parse(output) as Verdict;
  } catch {
    // The process ended before it had something to say.
  }
  if (verdict?.records !== undefined && code === 0) return;
  if (verdict?.busy)
    throw new StoreError('store-failed', dir, {
      expected: 'a database that nobody writes to for a moment',
      received: 'other processes that keep writing',
      hint: 'Open it again a little later.',
      isRetryable: true,
    });
  throw new ArtifactError(dir, {
    expected: 'an undamaged LMDB database',
    received:
      verdict?.damage ?? verdict?.failure ?? `a check that ended by ${signal ?? `code ${code}: ${errors}`}`,
    hint,
  });
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

function run(args: readonly string[], timeout: number): Promise<Ended> {
  // Options of this process are not those of the check: no loader, no inspector.
  const { NODE_OPTIONS: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
      timeout,
      killSignal: 'SIGKILL',
      windowsHide: true,
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (errors.length < 500) errors += chunk.toString().slice(0, 500);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, output, errors }));
  });
}
