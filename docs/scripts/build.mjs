// Builds the documentation site into docs/dist, and checks it: every link and every anchor leads somewhere, every table
// that a page asks for is there, and nothing is loaded from another host.
//
//   npm run docs:build       (or node docs/scripts/build.mjs)
//   npm run docs:serve       shows what was built
//
// Its tools are installed into docs/node_modules by docs/pnpm-lock.yaml, apart from the workspace, so that `npm start` and
// `npm test` do without them. The pages are written into docs/.site first: the pages of docs/, the READMEs, the tables that
// they name, and the interface of each package.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { docs, root } from './places.mjs';

// pnpm as `npm start` installed it, for who has only npm.
const path = [join(root, '.tools', 'node_modules', '.bin'), process.env.PATH].join(delimiter);

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: docs,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: path },
  });
  if (error) process.stderr.write(`${command}: ${error.message}\n`);
  if (status !== 0) process.exit(status ?? 1);
}

const lock = readFileSync(join(docs, 'pnpm-lock.yaml'), 'utf8');
const installed = join(docs, 'node_modules', '.installed-lock.yaml');
if (!existsSync(installed) || readFileSync(installed, 'utf8') !== lock) {
  run('pnpm', ['install', '--ignore-workspace', '--frozen-lockfile', '--prefer-offline']);
  writeFileSync(installed, lock);
}

const started = Date.now();
// Imported here, since they need what was just installed.
const { staleDrawings } = await import('./drawings.mjs');
const { writePages } = await import('./write-pages.mjs');
const { writeInterfaces } = await import('./write-interfaces.mjs');
const { checkSite } = await import('./check-site.mjs');
rmSync(join(docs, '.site'), { recursive: true, force: true });
rmSync(join(docs, 'dist'), { recursive: true, force: true });
const { pages, faults } = writePages();
faults.push(...(await staleDrawings()));
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exit(1);
const interfaces = await writeInterfaces();
run('pnpm', ['exec', 'vitepress', 'build', '.']);
const { links, broken } = checkSite(join(docs, 'dist'));
for (const each of broken) process.stderr.write(`${each}\n`);
process.stdout.write(
  `documentation: ${pages} pages, ${interfaces} interfaces, ${links} links, ${broken.length} broken (${Math.round((Date.now() - started) / 1000)} s)\n`,
);
process.exit(broken.length === 0 ? 0 : 1);
