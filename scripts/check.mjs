// The checks that CI holds beside the tests. Runs all of them, prints what failed, and counts.
import { spawnSync } from 'node:child_process';
import { root } from './workspace.mjs';

const CHECKS = [
  ['types', 'pnpm', ['exec', 'tsc', '-p', 'tsconfig.check.json']],
  ['types of the page', 'pnpm', ['exec', 'tsc', '-p', 'apps/reference/page/tsconfig.json']],
  ['lint', 'pnpm', ['exec', 'biome', 'ci', '.']],
  ['layers', process.execPath, ['scripts/check-layers.mjs']],
  ['unused dependencies and exports', 'pnpm', ['exec', 'knip']],
  ['workspace manifests', 'pnpm', ['exec', 'sherif']],
  ['licences', process.execPath, ['scripts/licences.mjs']],
  ['README examples', process.execPath, ['scripts/readme-examples.mjs']],
  ['doc examples', process.execPath, ['scripts/doc-examples.mjs']],
  ['README tables', 'pnpm', ['run', '--silent', 'tables']],
  ['page outputs', process.execPath, ['scripts/page-outputs.mjs']],
  ['documentation', process.execPath, ['docs/scripts/build.mjs']],
  ['changesets', process.execPath, ['scripts/check-changesets.mjs']],
  ['packages', process.execPath, ['scripts/check-packages.mjs']],
];

const only = process.argv.slice(2);
let failed = 0;
let passed = 0;
for (const [name, command, args] of CHECKS) {
  if (only.length > 0 && !only.includes(name)) continue;
  const started = Date.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) passed++;
  else failed++;
  process.stdout.write(
    `check ${name}: ${status === 0 ? 'passed' : 'FAILED'} (${Math.round((Date.now() - started) / 1000)} s)\n`,
  );
}
process.stdout.write(`checks: ${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
