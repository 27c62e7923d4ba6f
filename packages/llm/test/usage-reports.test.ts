import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const PACKAGE = new URL('../src/index.ts', import.meta.url).href;
const BACKEND = new URL('../../tfjs-backend-ort/src/index.ts', import.meta.url).href;
const FOLDER = fileURLToPath(new URL('./fixtures/tiny-bert', import.meta.url));

/** Runs code in a process whose home and cache folder are empty; gives its output and the files found afterwards. */
async function inEmptyHome(
  code: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ output: string; files: string[] }> {
  const root = await mkdtemp(join(tmpdir(), 'palate-home-'));
  const [home, cache] = [join(root, 'home'), join(root, 'cache')];
  await Promise.all([mkdir(home), mkdir(cache)]);
  // A home of a user and not of a build server: where CI is set, the library reports nothing, and nothing is shown.
  const { PATH, TMPDIR, SystemRoot, LD_LIBRARY_PATH } = process.env;
  const output = await new Promise<string>((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--conditions=palate-source', `--import=${TSX}`, '--input-type=module', '-e', code],
      {
        env: {
          PATH,
          ...(TMPDIR && { TMPDIR }),
          ...(SystemRoot && { SystemRoot }),
          ...(LD_LIBRARY_PATH && { LD_LIBRARY_PATH }),
          HOME: home,
          XDG_CACHE_HOME: cache,
          USERPROFILE: home,
          LOCALAPPDATA: cache,
          ...settings,
        },
      },
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
import { encodeOnnx, OrtSession, OrtTensor } from ${JSON.stringify(BACKEND)};
const value = { type: 'float32', shape: [1] };
const session = new OrtSession(encodeOnnx({
  name: 'twice', initializers: [],
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  inputs: [{ name: 'x', ...value }], outputs: [{ name: 'y', ...value }],
}), ['y']);
console.log(session.run({ x: new OrtTensor('float32', Float32Array.of(2), [1]) }).y.data[0]);
`;

/** The encoder by @huggingface/transformers, its library given or not, with code that runs before its first session. */
const encoding = (options: string, before = ''): string => `
import { transformersEncoder } from ${JSON.stringify(PACKAGE)};
${before}
const encoder = await transformersEncoder({ model: ${JSON.stringify(FOLDER)}, ${options} });
console.log((await encoder.encode(['a film'])).data.length / encoder.width);
`;

const LIBRARY = `const library = await import(${JSON.stringify(import.meta.resolve('@huggingface/transformers'))});`;

describe('a process writes no file into an empty home, where nothing else was asked for', () => {
  test.each(['native', 'wasm'])('with a session of the %s build', async (runtime) => {
    expect(await inEmptyHome(SESSION, { PALATE_ORT_RUNTIME: runtime })).toEqual({ output: '4', files: [] });
  });

  test('with an encoder of a local folder', async () => {
    expect(await inEmptyHome(encoding(''))).toEqual({ output: '1', files: [] });
  });

  test('with an encoder whose library was imported before', async () => {
    expect(await inEmptyHome(encoding('library', LIBRARY))).toEqual({ output: '1', files: [] });
  });
});

describe('the check finds the files of usage reports', () => {
  test('where the user wants them: what is set stays', async () => {
    const { output, files } = await inEmptyHome(SESSION, { ORT_DISABLE_TELEMETRY: '0' });
    expect(output).toBe('4');
    expect(files).toContain('deviceid');
  });

  test('where the switch is undone before the first session of the other library', async () => {
    const undo = `${LIBRARY} process.env.ORT_DISABLE_TELEMETRY = '0';`;
    const { output, files } = await inEmptyHome(encoding('library', undo));
    expect(output).toBe('1');
    expect(files).toContain('deviceid');
  });
});
