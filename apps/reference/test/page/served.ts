import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Dataset } from '@palate/core';
import { saveDataset } from '@palate/datasets';
import type { EngineStatus } from '@palate/engine';
import { PALATE } from '../cli.js';

/** `palate serve` in a process of its own. */
export interface Served {
  /** Its address, without a slash at the end. */
  readonly url: string;
  status(): Promise<EngineStatus>;
  close(): Promise<void>;
}

/**
 * Serves a data set as anybody would: saves it as a folder, and starts the command line on it with light systems.
 *
 * @param folder - an empty one, for the data and the models
 */
export async function served(dataset: Dataset, folder: string): Promise<Served> {
  await saveDataset(dataset, `${folder}/data`);
  const child = spawn(
    process.execPath,
    [
      PALATE,
      'serve',
      ...['--data', `${folder}/data`, '--artifacts', `${folder}/models`, '--feedback', 'memory'],
      ...['--systems', 'ease,bm25', '--effort', 'quick', '--port', '0', '--log-level', 'error'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  let url: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    url ??= /^listening on (\S+?)\/?$/.exec(line)?.[1];
    if (line === 'ready') break;
  }
  if (url === undefined || child.exitCode !== null)
    throw new Error(`palate serve did not start: ${complaints}`);
  child.stdout.resume();
  const address = url;
  return {
    url: address,
    status: async () => (await (await fetch(`${address}/api/v1/status`)).json()) as EngineStatus,
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
