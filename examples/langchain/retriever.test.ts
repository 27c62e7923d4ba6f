import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the prompt of the chain holds the products that fit the words, and the words', async () => {
  // Conditions of this process, such as those that lead to sources, hold for the example too.
  const conditions = process.execArgv.filter((each, k, all) => [each, all[k - 1]].includes('--conditions'));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...conditions, '--import=tsx', 'retriever.ts', 'sourdough, no chocolate', 'C109'],
    {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { ...process.env, XDG_CACHE_HOME: await mkdtemp(join(tmpdir(), 'palate-langchain-')) },
    },
  );
  const [instruction = '', ...products] = stdout.trim().split('\n\n');
  expect(instruction).toBe('Answer from these products alone:');
  // Four products, a title and its texts each; what is asked stands behind the last.
  expect(products).toHaveLength(4);
  expect(products.some((product) => product.startsWith('Rye Sourdough Starter\n'))).toBe(true);
  expect(products.at(-1)?.split('\n').at(-1)).toBe('sourdough, no chocolate');
  expect(products.join().replace('no chocolate', '')).not.toMatch(/chocolate/i);
});
