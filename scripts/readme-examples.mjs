// Type-checks every ```ts block of every README, and runs those of the root README (those of the packages are run by
// check-packages.mjs, from packed tarballs).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { apps, packages, root } from './workspace.mjs';

const work = join(root, '.scratch', 'readme-examples');
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });

const all = packages();
const readmes = [root, ...all.map(({ dir }) => dir), ...apps().map(({ dir }) => dir)]
  .map((dir) => join(dir, 'README.md'))
  .filter((path) => existsSync(path));

/** The folder of a dependency that some package has installed. */
function installed(name) {
  const own = all.find(({ manifest }) => manifest.name === name);
  if (own) return own.dir;
  return all.map(({ dir }) => join(dir, 'node_modules', name)).find((dir) => existsSync(dir));
}

function link(name) {
  const path = join(work, 'node_modules', name);
  const found = installed(name);
  if (existsSync(path) || !found) return;
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(found, path, 'dir');
}

const files = [];
for (const readme of readmes) {
  const blocks = [...readFileSync(readme, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(
    ([, code]) => code,
  );
  for (const [k, code] of blocks.entries()) {
    const label = relative(root, dirname(readme)).replaceAll('/', '-') || 'root';
    const path = join(work, `${label}-${k + 1}.ts`);
    // A block is a module of its own, whether it imports anything or not.
    writeFileSync(path, `${code}\nexport {};\n`);
    files.push({ path, readme, label });
    for (const [, name] of code.matchAll(/from '((?:@[^/']+\/)?[^/'.][^/']*)/g))
      if (!name.startsWith('node:')) link(name);
  }
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
const run = (command, args, options = {}) =>
  spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options }).status === 0;

let failed = run('pnpm', ['exec', 'tsc', '-p', join(work, 'tsconfig.json')]) ? 0 : 1;
for (const { path, label } of files) {
  if (label !== 'root') continue;
  if (
    !run('pnpm', ['exec', 'tsx', '--conditions=palate-source', path], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  ) {
    process.stdout.write(`README.md: ${relative(root, path)} failed\n`);
    failed++;
  }
}
process.stdout.write(`README examples: ${files.length} type-checked, ${failed} failed\n`);
if (failed === 0) rmSync(work, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);
