// A folder of TypeScript modules in which the packages of the workspace are found by name, for examples of the documentation.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packages, root } from './workspace.mjs';

/** The ```ts blocks of a Markdown text, and whether each is run: all but those behind a mark `<!-- not run: reason -->`. */
export const examplesIn = (text) =>
  [...text.matchAll(/^(<!-- not run.*-->\n)?```ts\n([\s\S]*?)^```/gm)].map(([, notRun, code]) => ({
    code,
    isRun: notRun === undefined,
  }));

/** Makes the folder anew; `write` adds modules, `typesHold` checks them all, `start` runs one. */
export function exampleFolder(name) {
  const work = join(root, '.scratch', name);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const all = packages();

  /** The folder of a dependency that some package has installed. */
  function installed(dependency) {
    const own = all.find(({ manifest }) => manifest.name === dependency);
    if (own) return own.dir;
    return all.map(({ dir }) => join(dir, 'node_modules', dependency)).find((dir) => existsSync(dir));
  }

  function link(dependency) {
    const path = join(work, 'node_modules', dependency);
    const found = installed(dependency);
    if (existsSync(path) || !found) return;
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(found, path, 'dir');
  }

  writeFileSync(join(work, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  writeFileSync(
    join(work, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.check.json',
      compilerOptions: { rootDir: '../..', noUnusedLocals: false, typeRoots: ['../../node_modules/@types'] },
      include: ['*.ts'],
    }),
  );
  const run = (args, options = {}) =>
    spawnSync('pnpm', ['exec', ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options })
      .status === 0;
  return {
    work,
    write(file, code) {
      // A module of its own, whether it imports anything or not.
      writeFileSync(join(work, file), `${code}\nexport {};\n`);
      for (const [, dependency] of code.matchAll(/from '((?:@[^/']+\/)?[^/'.][^/']*)/g))
        if (!dependency.startsWith('node:')) link(dependency);
    },
    typesHold: () => run(['tsc', '-p', join(work, 'tsconfig.json')]),
    start: (file, options) => run(['tsx', '--conditions=palate-source', join(work, file)], options),
    remove: () => rmSync(work, { recursive: true, force: true }),
  };
}
