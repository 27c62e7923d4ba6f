import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compiledProgram } from '../../../scripts/compiled-program.js';
import type { ChargingServer } from './charging-server.js';

/**
 * Starts workers on a Redis, one after the other, and kills each by SIGKILL in the middle of its calls, a number of times at
 * most; the next one works on.
 *
 * @param server - what the workers ask
 * @returns ends the last worker, and tells how many were killed before
 */
export async function killWorkers(
  url: string,
  server: ChargingServer,
  most: number,
): Promise<() => Promise<number>> {
  const program = await compiledProgram(fileURLToPath(new URL('paying-worker.ts', import.meta.url)));
  let isOver = false;
  let kills = 0;
  const killing = (async () => {
    while (!isOver) {
      const child = spawn(process.execPath, [program, url], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const before = server.requests;
      while (!isOver && (kills >= most || server.requests < before + 4))
        await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill('SIGKILL');
      await ended;
      if (!isOver) kills++;
    }
  })();
  return async () => {
    isOver = true;
    await killing;
    return kills;
  };
}
