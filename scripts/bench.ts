// Shared parts of the packages' benchmarks: their arguments, how they measure, and how they run their peers in Python.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Numbers from the command line, `--threads 1`, with their defaults. */
export function numberArguments<K extends string>(
  defaults: Readonly<Record<K, number>>,
): Readonly<Record<K, number>> {
  const names = Object.keys(defaults) as K[];
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  });
  const read = names.map((name): [K, number] => [name, Number(values[name] ?? defaults[name])]);
  return Object.fromEntries(read) as Record<K, number>;
}

/** Milliseconds of the processor that this process has taken. */
export const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** The middle one of some numbers, the upper of two. */
export const median = (all: readonly number[]): number =>
  [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;

/**
 * Runs a script by PYTHON, or python3, and says so where it cannot.
 *
 * @param what - the library that the script needs
 * @returns the JSON that it prints; nothing where it or the library is not installed
 */
export function besidePython<T>(what: string, script: URL, ...args: readonly string[]): T | undefined {
  const peer = spawnSync(
    process.env.PYTHON ?? 'python3',
    // Without a folder of compiled modules beside the scripts.
    ['-B', fileURLToPath(script), ...args],
    { encoding: 'utf8' },
  );
  if (peer.status === 0) return JSON.parse(peer.stdout) as T;
  console.log(`${what}: not here (${peer.error?.message ?? peer.stderr.trim().split('\n').at(-1)})`);
  return undefined;
}
