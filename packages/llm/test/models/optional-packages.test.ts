import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the package loads without its optional peers, and what needs them says what to install', async () => {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const script = fileURLToPath(new URL('without-optional.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=palate-source',
    `--import=${tsx}`,
    script,
  ]);
  expect(stdout.trim().split('\n')).toEqual([
    'missing-dependency @huggingface/transformers true',
    'missing-dependency node-llama-cpp true',
    'missing-dependency @opentelemetry/api true',
  ]);
});
