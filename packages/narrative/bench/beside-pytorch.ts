// How the benchmarks of this folder measure, and how they run their peers in PyTorch.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Milliseconds of the processor that this process has taken. */
export const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export const median = (all: readonly number[]): number =>
  [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;

/**
 * Runs a script of this folder by PYTHON, or python3, and says so where it cannot.
 *
 * @param size - argument of the script
 * @returns the JSON that it prints; nothing where it or PyTorch is not installed
 */
export function besidePyTorch<T>(script: string, size: Readonly<Record<string, number>>): T | undefined {
  const peer = spawnSync(
    process.env.PYTHON ?? 'python3',
    // Without a folder of compiled modules beside the scripts.
    ['-B', fileURLToPath(new URL(script, import.meta.url)), JSON.stringify(size)],
    { encoding: 'utf8' },
  );
  if (peer.status === 0) return JSON.parse(peer.stdout) as T;
  console.log(`PyTorch: not here (${peer.error?.message ?? peer.stderr.trim().split('\n').at(-1)})`);
  return undefined;
}
