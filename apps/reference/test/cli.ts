import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compiledProgram } from '../../../scripts/compiled-program.js';

const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url));
/** The command line, compiled from its sources, so that no build is needed. */
export const PALATE = await compiledProgram(source('main.ts'), [source('server/host/engine-worker.ts')]);

/** The caller's environment without NODE_PATH, through which pnpm would let packages find what they do not declare. */
export const { NODE_PATH: _, ...ENVIRONMENT } = process.env;

/** Output of a run, and its exit status. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `palate` as a process of its own. */
export function palate(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = process.cwd(),
): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [PALATE, ...args],
      { cwd, env: { ...ENVIRONMENT, ...env }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ code: Number((error as ExecFileException | null)?.code ?? 0), stdout, stderr });
      },
    );
  });
}

/** What was written to the error stream without the lines of progress, which only slow machines get to see. */
export const remarks = (stderr: string): string =>
  stderr.replaceAll(/^.+: .+ \d+( of \d+ \(\d+ %\))?(, \d+ s left)?\n/gm, '');

/** Starts `palate` and interrupts it, as Ctrl-C does, or kills it, when its error stream first shows `marker`. */
export function interrupted(
  args: readonly string[],
  marker: string,
  {
    env = {},
    by = 'SIGINT',
  }: { readonly env?: Readonly<Record<string, string>>; readonly by?: NodeJS.Signals } = {},
): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PALATE, ...args], {
      env: { ...ENVIRONMENT, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    let sent = false;
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (sent || !stderr.includes(marker)) return;
      sent = true;
      child.kill(by);
    });
    child.on('close', (code) => resolve({ code, stderr }));
  });
}
