// Every change of a published package has a changeset of its own: for each package, the newest commit that touched its
// sources must be one that also touched a waiting changeset naming it, or an older one than that.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { published, root } from './workspace.mjs';

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const folder = join(root, '.changeset');
const waiting = readdirSync(folder)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .map((name) => ({ path: `.changeset/${name}`, text: readFileSync(join(folder, name), 'utf8') }));

const faults = [];
const known = new Set(published().map(({ manifest }) => manifest.name));
for (const { path, text } of waiting)
  for (const [, name] of text.split('---')[1]?.matchAll(/^'([^']+)':/gm) ?? [])
    if (!known.has(name)) faults.push(`${path}: there is no package ${name}`);

const shallow = git('rev-parse', '--is-shallow-repository') === 'true';
for (const { dir, manifest } of published()) {
  const own = waiting.filter(({ text }) => text.includes(`'${manifest.name}':`)).map(({ path }) => path);
  if (own.length === 0) {
    if (!existsSync(join(dir, 'CHANGELOG.md')))
      faults.push(`${manifest.name}: no changeset and no changelog`);
    if (shallow || !existsSync(join(dir, 'CHANGELOG.md'))) continue;
  }
  if (shallow) continue;
  const told = [...own, join(relative(root, dir), 'CHANGELOG.md')];
  // Commits that touched the sources, and no changeset or changelog of the package with them or after them.
  const [newest] = git('rev-list', '-1', 'HEAD', '--', ...told).split('\n');
  const range = newest ? `${newest}..HEAD` : 'HEAD';
  const untold = git('log', '--oneline', range, '--', `${relative(root, dir)}/src`)
    .split('\n')
    .filter(Boolean);
  if (untold.length > 0)
    faults.push(`${manifest.name}: changed since its newest changeset, for example by ${untold[0]}`);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0)
  process.stderr.write(
    "Describe what users will notice: a file in .changeset, or one more sentence in the package's.\n",
  );
process.stdout.write(
  `changesets: ${faults.length === 0 ? 'every changed package has one' : `${faults.length} faults`}${shallow ? ' (shallow clone: ages not compared)' : ''}\n`,
);
process.exit(faults.length === 0 ? 0 : 1);
