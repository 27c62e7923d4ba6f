import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const NAME = 'shared-users';

let copy: string;

/** The sources of both packages apart from the checkout; the engine reads the retrievers of the copy. */
beforeAll(async () => {
  await mkdir(join(root, '.scratch'), { recursive: true });
  copy = await mkdtemp(join(root, '.scratch', 'new-retriever-'));
  for (const name of ['retrievers', 'engine']) {
    const [own, target] = [root, copy].map((base) => join(base, 'packages', name)) as [string, string];
    for (const folder of ['src', 'test'])
      await cp(join(own, folder), join(target, folder), { recursive: true });
    await cp(join(own, 'package.json'), join(target, 'package.json'));
    await symlink(join(own, 'node_modules'), join(target, 'node_modules'), 'dir');
  }
  await writeFile(
    join(copy, 'packages', 'engine', 'vitest.config.mjs'),
    `const conditions = ['palate-source', 'module', 'node', 'development|production'];
const alias = { '@palate/retrievers': ${JSON.stringify(join(copy, 'packages', 'retrievers', 'src', 'index.ts'))} };
export default { resolve: { conditions, alias }, ssr: { resolve: { conditions } }, test: { testTimeout: 600_000 } };
`,
  );
});
afterAll(() => rm(copy, { recursive: true, force: true }));

test('a retriever by the script is a method of the engine and passes conformance, with one other file changed', async () => {
  const { stdout: written } = await run(process.execPath, [
    join(root, 'scripts', 'new.mjs'),
    'retriever',
    NAME,
    '--root',
    copy,
  ]);
  expect(written.trim().split('\n')).toEqual([
    `packages/retrievers/src/classic/${NAME}.ts`,
    `packages/retrievers/test/classic/${NAME}.test.ts`,
    'packages/retrievers/src/classic/methods.ts',
  ]);
  const { stdout } = await run(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--root',
      '.',
      'test/methods.test.ts',
      '--testNamePattern',
      NAME,
    ],
    { cwd: join(copy, 'packages', 'engine'), env: { ...process.env, NO_COLOR: '1' } },
  );
  // Those of the conformance suite, and that its seed changes nothing, as its entry says.
  expect(stdout).toMatch(/Tests {2}1\d passed/);
});
