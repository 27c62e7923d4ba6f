// Releases, by the workflow or by hand:
//
//   node scripts/release.mjs version            apply the waiting changesets: versions and CHANGELOG.md of each package
//   node scripts/release.mjs publish            build, and publish every package whose version npm does not have
//   node scripts/release.mjs publish --dry-run  the same, without sending anything; needs no account
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { published, root } from './workspace.mjs';

function run(command, args, cwd = root) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (error) process.stderr.write(`${command}: ${error.message}\n`);
  if (status !== 0) process.exit(status ?? 1);
}

const [task, ...flags] = process.argv.slice(2);
process.env.PATH = `${join(root, '.tools', 'node_modules', '.bin')}:${process.env.PATH}`;
switch (task) {
  case 'version':
    run('pnpm', ['exec', 'changeset', 'version']);
    run('pnpm', ['install', '--lockfile-only']);
    break;
  case 'publish':
    run('pnpm', ['exec', 'turbo', 'run', 'build', '--filter=./packages/*', '--output-logs=errors-only']);
    if (flags.includes('--dry-run'))
      for (const { dir } of published())
        run('pnpm', ['publish', '--dry-run', '--no-git-checks', '--provenance=false'], dir);
    else run('pnpm', ['exec', 'changeset', 'publish']);
    break;
  default:
    process.stderr.write('usage: node scripts/release.mjs version | publish [--dry-run]\n');
    process.exit(2);
}
