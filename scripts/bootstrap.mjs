// Runs the two commands of the README on a machine that has only Node and npm: brings pnpm through npm,
// installs the workspace, builds it, and hands over.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tools = join(root, '.tools');
const bin = join(tools, 'node_modules', '.bin');
const env = {
  ...process.env,
  PATH: `${bin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

/** Runs a command in the root; ends this process with its exit status unless it is 0. */
function run(command, args, { quiet = false } = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    shell: process.platform === 'win32',
  });
  if (result.status === 0) return;
  if (quiet) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  if (result.error) process.stderr.write(`${command}: ${result.error.message}\n`);
  process.exit(result.status ?? 1);
}

function installedVersion(name) {
  const path = join(tools, 'node_modules', name, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : undefined;
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Palate needs Node 20.19 or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}

const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [name, version] = packageManager.split('@');
const say = (message) => process.stderr.write(`palate: ${message}\n`);

if (installedVersion(name) !== version) {
  say(`installing ${packageManager} into .tools`);
  run('npm', ['install', '--prefix', tools, '--no-save', '--no-package-lock', packageManager], {
    quiet: true,
  });
}
say('installing the workspace');
// A node_modules folder of another package store is replaced without asking: nobody may be there to answer.
run(name, ['install', '--frozen-lockfile', '--config.confirmModulesPurge=false'], { quiet: true });

const [command, ...rest] = process.argv.slice(2);
switch (command) {
  case 'start':
    say('building');
    run(
      name,
      [
        'exec',
        'turbo',
        'run',
        'build',
        '--filter=@palate/app-reference',
        // The page is served on a terminal alone.
        ...(process.stdin.isTTY && process.stdout.isTTY ? ['--filter=@palate/page'] : []),
        '--output-logs=errors-only',
      ],
      {
        quiet: true,
      },
    );
    run(process.execPath, [join(root, 'apps', 'reference', 'bin', 'palate.js'), 'start', ...rest]);
    break;
  case 'test':
    say('building');
    run(name, ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only'], { quiet: true });
    run(name, ['exec', 'vitest', 'run', ...rest]);
    break;
  case 'check':
    run(process.execPath, [join(root, 'scripts', 'check.mjs'), ...rest]);
    break;
  default:
    say('usage: node scripts/bootstrap.mjs start | test | check');
    process.exit(2);
}
