import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const PACKAGE = new URL('../src/index.ts', import.meta.url).href;

/** Runs code in a process whose home and cache folder are empty; gives its output and the files found afterwards. */
async function inEmptyHome(code: string): Promise<{ output: string; files: string[] }> {
  const root = await mkdtemp(join(tmpdir(), 'palate-home-'));
  const [home, cache] = [join(root, 'home'), join(root, 'cache')];
  await Promise.all([mkdir(home), mkdir(cache)]);
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
  const output = await new Promise<string>((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--conditions=palate-source', `--import=${TSX}`, '--input-type=module', '-e', code],
      { env: { ...env, HOME: home, XDG_CACHE_HOME: cache, USERPROFILE: home, LOCALAPPDATA: cache } },
    );
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', () => resolve(text.trim()));
  });
  const files = (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
  await rm(root, { recursive: true, force: true });
  return { output, files };
}

const SESSION = `
import { writeFileSync } from 'node:fs';
import { encodeOnnx, OrtSession, OrtTensor } from ${JSON.stringify(PACKAGE)};
const value = { type: 'float32', shape: [1] };
const session = new OrtSession(encodeOnnx({
  name: 'twice', initializers: [],
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  inputs: [{ name: 'x', ...value }], outputs: [{ name: 'y', ...value }],
}), ['y']);
console.log(session.run({ x: new OrtTensor('float32', Float32Array.of(2), [1]) }).y.data[0]);
`;

test('a session writes no file into an empty home, where nothing else was asked for', async () => {
  expect(await inEmptyHome(SESSION)).toEqual({ output: '4', files: [] });
});

test('the check finds a file where one is written', async () => {
  const { files } = await inEmptyHome(`${SESSION}writeFileSync(process.env.XDG_CACHE_HOME + '/event', 'x');`);
  expect(files).toEqual(['event']);
});

test('what the user has set stays', async () => {
  const code = `process.env.ORT_DISABLE_TELEMETRY = '0';
    await import(${JSON.stringify(PACKAGE)});
    console.log(process.env.ORT_DISABLE_TELEMETRY);`;
  expect((await inEmptyHome(code)).output).toBe('0');
});
