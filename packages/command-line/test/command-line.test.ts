import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { compiledProgram } from '../../../scripts/compiled-program.js';
import { checkWritable } from '../src/index.js';

const PROGRAM = await compiledProgram(fileURLToPath(new URL('./program.ts', import.meta.url)));

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      [PROGRAM, ...args],
      { env: { ...process.env, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: Number((error as ExecFileException | null)?.code ?? 0), stdout, stderr }),
    );
  });

test('wrong usage is one line with the one thing that matters, and status 2', async () => {
  expect(await run(['greet', '--tims', '2'])).toEqual({
    code: 2,
    stdout: '',
    stderr: "greeter: unknown option '--tims' (Did you mean --times?); see greeter greet --help\n",
  });
  expect((await run(['greet', '--times', '0'])).stderr).toBe(
    "greeter: option '--times <number>' argument '0' is invalid. Expected a whole number of at least 1; see greeter greet --help\n",
  );
  expect((await run(['gret'])).stderr).toBe(
    "greeter: unknown command 'gret' (Did you mean greet?); see greeter --help\n",
  );
  expect(await run(['greet', '--help'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('--times <number>'),
  });
});

test('what is printed holds nothing that a terminal obeys', async () => {
  expect((await run(['greet'])).stdout).toBe('hello world\n');
  expect((await run(['greet', '--json'])).stdout).toBe('{"hello":"\\u001b[2Jworld"}\n');
});

test('errors are one line or JSON with status 1, without a stack', async () => {
  expect(await run(['fail', 'known'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'greeter: Expected a, but received b. Give a. [invalid-input]\n',
  });
  expect(JSON.parse((await run(['fail', 'known', '--json'])).stdout).error).toMatchObject({
    code: 'invalid-input',
    expected: 'a',
    received: 'b',
    hint: 'Give a.',
  });
  const unexpected = await run(['fail', 'otherwise']);
  expect(unexpected).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^greeter: x is not a function \[unexpected\]\n/),
  });
  expect(unexpected.stderr).not.toMatch(/\n\s+at /);
  expect((await run(['fail', 'otherwise'], { PALATE_DEBUG: '1' })).stderr).toMatch(/\n\s+at /);
  expect((await run(['fail', 'writable'])).stderr).toMatch(
    /a folder that can be written.*is a file.*Nothing was begun/,
  );
});

test('Ctrl-C cancels with status 130; a reader that has seen enough is no error', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'wait', '--progress'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    if (stderr.endsWith('waiting: step 1 of 4 (25 %)\n')) child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(130);
  expect(stderr).toMatch(
    /stopping; press Ctrl-C again.*\nstopped; nothing half written is left \[cancelled\]\n$/,
  );

  const head = spawn(process.execPath, [PROGRAM, 'greet', '--times', '200000'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  head.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  head.stdout.once('data', () => head.stdout.destroy());
  expect(await new Promise((resolve) => head.on('close', resolve))).toBe(0);
  expect(errors).toBe('');
});

test('whether a folder can be written is found out without leaving anything there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palate-writable-'));
  await checkWritable(join(folder, 'a', 'b'));
  expect(await readdir(folder)).toEqual([]);
  await writeFile(join(folder, 'file'), '');
  await expect(checkWritable(join(folder, 'file', 'b'))).rejects.toMatchObject({ code: 'artifact' });
  await rm(folder, { recursive: true });
});
