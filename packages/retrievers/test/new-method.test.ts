import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const script = join(root, 'scripts', 'new.mjs');

/** Packages are read from their sources, as in the workspace. */
const CONFIG = `const conditions = ['palate-source', 'module', 'node', 'development|production'];
export default { resolve: { conditions }, ssr: { resolve: { conditions } }, test: { testTimeout: 600_000 } };
`;

/** Layouts that the script must write: the package, the name, the files that it makes, and the lines that it adds elsewhere. */
const KINDS: Readonly<Record<string, Layout>> = {
  retriever: layout('retrievers', 'classic/shared-users', {
    'classic/methods.ts': [
      "import { SHARED_USERS, SharedUsers } from './shared-users.js';",
      "  { key: 'shared-users', title: 'shared users', of: SharedUsers, options: SHARED_USERS, deterministic: true },",
    ],
  }),
  codebook: layout('semantic-id', 'codebooks/quantile-codes', {
    'codebooks/codebooks.ts': [
      "import { QuantileCodes } from './quantile-codes.js';",
      "  'quantile-codes': QuantileCodes,",
    ],
    'index.ts': [
      "export { QUANTILE_CODES, QuantileCodes, type QuantileCodesOptions } from './codebooks/quantile-codes.js';",
    ],
  }),
  backbone: layout('knowledge-augment', 'ctr/wide-deep', {
    'ctr/backbones.ts': ["import { wideDeep } from './wide-deep.js';", "  'wide-deep': wideDeep,"],
  }),
  encoder: layout('llm', 'encoders/hashed-words', {
    'index.ts': [
      "export { HASHED_WORDS, hashedWordsEncoder, type HashedWordsOptions } from './encoders/hashed-words.js';",
    ],
  }),
  provider: layout('llm', 'models/last-words', {
    'index.ts': [
      "export { LAST_WORDS, lastWordsModel, type LastWordsOptions } from './models/last-words.js';",
    ],
  }),
};

/** A new file and its test, with the lines that are added to other files of `src`. */
function layout(
  packageName: string,
  file: string,
  added: Readonly<Record<string, readonly string[]>>,
): Layout {
  return {
    packageName,
    name: file.slice(file.indexOf('/') + 1),
    made: [`src/${file}.ts`, `test/${file}.test.ts`],
    added: Object.fromEntries(Object.entries(added).map(([path, lines]) => [`src/${path}`, lines])),
  };
}

interface Layout {
  readonly packageName: string;
  readonly name: string;
  readonly made: readonly [string, string];
  readonly added: Readonly<Record<string, readonly string[]>>;
}

let copy: string;

/** Every file of the copy with its text, by its path below its package. */
async function filesOf(packageName: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const base = join(copy, 'packages', packageName);
  for (const folder of ['src', 'test'])
    for (const entry of await readdir(join(base, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(path.slice(base.length + 1), await readFile(path, 'utf8'));
    }
  return files;
}

beforeAll(async () => {
  // Inside of the checkout, so that its tools find what they need.
  await mkdir(join(root, '.scratch'), { recursive: true });
  copy = await mkdtemp(join(root, '.scratch', 'new-method-'));
  for (const name of new Set(Object.values(KINDS).map(({ packageName }) => packageName))) {
    const [own, target] = [root, copy].map((base) => join(base, 'packages', name)) as [string, string];
    await cp(join(own, 'src'), join(target, 'src'), { recursive: true });
    await mkdir(join(target, 'test'));
    await cp(join(own, 'package.json'), join(target, 'package.json'));
    await writeFile(join(target, 'vitest.config.mjs'), CONFIG);
    await symlink(join(own, 'node_modules'), join(target, 'node_modules'), 'dir');
  }
});
afterAll(() => rm(copy, { recursive: true, force: true }));

describe('a method laid out by the script', () => {
  test.each(Object.entries(KINDS))('passes its tests, and adds nothing else: a %s', async (kind, wanted) => {
    const { packageName, name, made, added } = wanted;
    const before = await filesOf(packageName);
    await run(process.execPath, [script, kind, name, '--root', copy]);
    const after = await filesOf(packageName);
    expect([...after.keys()].filter((path) => !before.has(path)).sort()).toEqual([...made].sort());
    const changes = [...before].flatMap(([path, text]) => {
      const lines = text.split('\n');
      const more = (after.get(path) ?? '').split('\n').filter((line) => !lines.includes(line));
      return more.length > 0 ? [[path, more]] : [];
    });
    expect(Object.fromEntries(changes)).toEqual(added);
    const { stdout } = await run(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', '.', made[1]],
      { cwd: join(copy, 'packages', packageName), env: { ...process.env, NO_COLOR: '1' } },
    );
    expect(stdout).toMatch(kind === 'retriever' ? /Tests {2}\d{2} passed \(\d{2}\)/ : /Tests {2}\d passed/);
  });

  test.each([
    [['retriever', 'shared-users'], 'is there already'],
    [['retriever', 'ease'], 'is there already'],
    [['codebook', 'lsh'], 'is there already'],
    [['retriever', 'Shared Users'], 'words in lower case'],
    [['retriever'], 'words in lower case'],
    [['retriever', 'one', 'two'], 'One name at a time'],
    [['recommender', 'x'], 'no kind of method called recommender'],
  ])('is refused as %j, and nothing is written', async (args, reason) => {
    const before = await filesOf('retrievers');
    await expect(run(process.execPath, [script, ...args, '--root', copy])).rejects.toThrow(reason);
    expect(await filesOf('retrievers')).toEqual(before);
  });
});
