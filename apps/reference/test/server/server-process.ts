import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENVIRONMENT, PALATE } from '../cli.js';
import { importShop } from '../shop.js';

/** `palate serve` as a process of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Gives all that it wrote to its error stream so far. */
  errors(): string;
  /** Sends a signal and waits for the end; the exit status. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Asks the interface. */
  ask(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/** The shop of the examples as a data set folder. */
export const shopFolder = async (): Promise<string> =>
  importShop(await mkdtemp(join(tmpdir(), 'palate-serve-')));

/** Starts a server and waits until its models are ready. */
export async function startServer(
  data: string,
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    [
      PALATE,
      'serve',
      '--data',
      data,
      '--port',
      '0',
      '--artifacts',
      `${data}-engine`,
      '--effort',
      'quick',
      '--systems',
      'ease,bm25',
      ...(more.includes('--feedback') ? [] : ['--feedback', 'memory']),
      ...more,
    ],
    { env: { ...ENVIRONMENT, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let errors = '';
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (/^ready$/m.test(output)) resolve();
    });
    void ended.then((code) => reject(new Error(`the server ended with ${code}: ${output}${errors}`)));
  });
  const url = /listening on (\S+)\//.exec(output)?.[1] ?? '';
  return {
    url,
    child,
    errors: () => errors,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
    ask: (path, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}
