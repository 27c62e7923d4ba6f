import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const own = fileURLToPath(new URL('..', import.meta.url));
const root = join(own, '..', '..');
const script = join(root, 'scripts', 'new.mjs');

/** Packages are read from their sources, as in the workspace. */
const CONFIG = `const conditions = ['palate-source', 'module', 'node', 'development|production'];
export default { resolve: { conditions }, ssr: { resolve: { conditions } } };
`;

let copy: string;

/** Every file of the copy with its text. */
async function filesOfCopy(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const folder of ['src', 'test'])
    for (const entry of await readdir(join(copy, 'packages/retrievers', folder), {
      recursive: true,
      withFileTypes: true,
    })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(path.slice(copy.length + 1), await readFile(path, 'utf8'));
    }
  return files;
}

beforeAll(async () => {
  // Inside of the checkout, so that its tools find what they need.
  await mkdir(join(root, '.scratch'), { recursive: true });
  copy = await mkdtemp(join(root, '.scratch', 'new-retriever-'));
  const target = join(copy, 'packages/retrievers');
  await cp(join(own, 'src'), join(target, 'src'), { recursive: true });
  await mkdir(join(target, 'test'));
  await cp(join(own, 'package.json'), join(target, 'package.json'));
  await writeFile(join(target, 'vitest.config.mjs'), CONFIG);
  await symlink(join(own, 'node_modules'), join(target, 'node_modules'), 'dir');
});
afterAll(() => rm(copy, { recursive: true, force: true }));

describe('a retriever laid out by the script', () => {
  test('passes the conformance suite, with its file, its test and one line of the index', async () => {
    const before = await filesOfCopy();
    await run(process.execPath, [script, 'retriever', 'shared-users', '--root', copy]);
    const after = await filesOfCopy();
    const changed = [...after].filter(([path, text]) => before.get(path) !== text).map(([path]) => path);
    expect(changed.sort()).toEqual([
      'packages/retrievers/src/classic/shared-users.ts',
      'packages/retrievers/src/index.ts',
      'packages/retrievers/test/classic/shared-users.test.ts',
    ]);
    const added = after
      .get('packages/retrievers/src/index.ts')
      ?.split('\n')
      .filter((line) => !before.get('packages/retrievers/src/index.ts')?.split('\n').includes(line));
    expect(added).toEqual([
      "export { SHARED_USERS, SharedUsers, type SharedUsersOptions } from './classic/shared-users.js';",
    ]);
    const { stdout } = await run(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', '.'],
      { cwd: join(copy, 'packages/retrievers'), env: { ...process.env, NO_COLOR: '1' } },
    );
    expect(stdout).toMatch(/Tests {2}\d{2} passed \(\d{2}\)/);
  });

  test.each([
    [['retriever', 'shared-users'], 'is there already'],
    [['retriever', 'ease'], 'is there already'],
    [['retriever', 'Shared Users'], 'words in lower case'],
    [['retriever'], 'words in lower case'],
    [['retriever', 'one', 'two'], 'One name at a time'],
    [['recommender', 'x'], 'no kind of method called recommender'],
  ])('is refused as %j, and nothing is written', async (args, reason) => {
    const before = await filesOfCopy();
    await expect(run(process.execPath, [script, ...args, '--root', copy])).rejects.toThrow(reason);
    expect(await filesOfCopy()).toEqual(before);
  });
});
