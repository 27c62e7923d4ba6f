// Runs the README examples of packages on the runtimes that npm can install, from their tarballs in a folder of a user, and
// writes what came out into docs/runtimes.md. By hand, since it installs every runtime:
//
//   node scripts/check-runtimes.mjs             after pnpm build
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { examplesIn } from './example-folder.mjs';
import { install, userEnvironment } from './installation.mjs';
import { published, root } from './workspace.mjs';

const exec = promisify(execFile);
const shared = { maxBuffer: 1 << 26 };

/** Runtimes by name: the package of npm, and how it runs a module. */
const RUNTIMES = [
  { name: 'Node 20', npm: 'node@20.20.2', run: ['node'] },
  { name: 'Node 22', npm: 'node@22.23.3', run: ['node'] },
  { name: 'Node 24', npm: 'node@24.21.0', run: ['node'] },
  { name: 'Bun', npm: 'bun@1.4.5', run: ['bun', 'run'] },
  { name: 'Deno', npm: 'deno@2.9.6', run: ['deno', 'run', '--allow-all', '--node-modules-dir=manual'] },
];

/** Packages whose examples are run; the last one trains by ONNX Runtime. */
const PACKAGES = ['core', 'datasets', 'eval', 'retrievers', 'sequential'].map((name) => `@palate/${name}`);

const START = '<!-- runtimes -->';
const END = '<!-- /runtimes -->';

const work = mkdtempSync(join(tmpdir(), 'palate-runtimes-'));

async function packed() {
  const tarballs = new Map();
  for (const { dir, manifest } of published()) {
    const out = join(work, 'tarballs', manifest.name);
    mkdirSync(out, { recursive: true });
    await exec('pnpm', ['pack', '--pack-destination', out], { ...shared, cwd: dir });
    const [file] = readdirSync(out);
    tarballs.set(manifest.name, join(out, file));
  }
  return tarballs;
}

/** Installs a runtime; gives the command that runs a module, and the version that it says it is. */
async function runtime({ name, npm, run: [program, ...options] }, env) {
  const folder = join(work, 'runtimes', name.replace(' ', '-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  await exec('npm', ['install', '--no-audit', '--no-fund', npm], { ...shared, cwd: folder, env });
  const path = join(folder, 'node_modules', '.bin', program);
  const { stdout } = await exec(path, ['--version'], { ...shared, env });
  return { name, version: stdout.match(/\d+\.\d+\.\d+/)?.[0] ?? npm, command: [path, ...options] };
}

/** The examples of a package's README as modules in the folder. */
function writeExamples(dir, name, folder) {
  return examplesIn(readFileSync(join(dir, 'README.md'), 'utf8'))
    .filter(({ isRun }) => isRun)
    .map(({ code }, k) => {
      const { outputText } = ts.transpileModule(code, {
        compilerOptions: {
          module: ts.ModuleKind.ESNext,
          target: ts.ScriptTarget.ES2022,
          verbatimModuleSyntax: true,
        },
      });
      const path = join(folder, `${name.replace(/\W/g, '-')}-${k + 1}.mjs`);
      writeFileSync(path, outputText);
      return path;
    });
}

/** What became of the examples on a runtime: how many ran, and the first fault. */
async function outcome(paths, { command: [program, ...options] }, folder, env) {
  let ran = 0;
  let fault;
  for (const path of paths)
    try {
      const { stdout } = await exec(program, [...options, path], {
        ...shared,
        cwd: folder,
        env,
        timeout: 600_000,
      });
      if (stdout.trim() === '') throw new Error('it printed nothing');
      ran++;
    } catch (error) {
      const lines = `${error.stderr || error.message}`
        .split('\n')
        .filter((line) => /error|panic|cannot/i.test(line));
      fault ??= (lines[0] ?? error.message).replaceAll(work, '').slice(0, 200);
    }
  return { ran, of: paths.length, fault };
}

function table(runtimes, rows) {
  const mark = ({ ran, of }) => (ran === of ? 'runs' : `${ran} of ${of}`);
  const date = new Date().toISOString().slice(0, 10);
  const faults = rows.flatMap(({ name, outcomes }) =>
    outcomes.flatMap(({ fault }, k) =>
      fault === undefined ? [] : [`- \`${name}\` on ${runtimes[k].name}: \`${fault}\``],
    ),
  );
  return [
    `| README examples of | ${runtimes.map(({ name, version }) => `${name.split(' ')[0]} ${version}`).join(' | ')} |`,
    `|---|${runtimes.map(() => '---|').join('')}`,
    ...rows.map(({ name, outcomes }) => `| \`${name}\` | ${outcomes.map(mark).join(' | ')} |`),
    '',
    ...(faults.length > 0 ? [...faults, ''] : []),
    `Run on ${date} from packed packages, installed by npm, on ${process.platform} ${process.arch}, by \`node scripts/check-runtimes.mjs\`.`,
  ].join('\n');
}

try {
  const tarballs = await packed();
  const env = userEnvironment(join(work, 'npm-cache'));
  const folder = join(work, 'user');
  await install(folder, [...PACKAGES, '@palate/dataset-movietweetings'], tarballs, env);
  const runtimes = [];
  for (const each of RUNTIMES) runtimes.push(await runtime(each, env));
  const rows = [];
  for (const { dir, manifest } of published().filter(({ manifest }) => PACKAGES.includes(manifest.name))) {
    const paths = writeExamples(dir, manifest.name, folder);
    const outcomes = [];
    for (const each of runtimes) outcomes.push(await outcome(paths, each, folder, env));
    rows.push({ name: manifest.name, outcomes });
    process.stdout.write(`${manifest.name}: ${outcomes.map(({ ran, of }) => `${ran}/${of}`).join(' ')}\n`);
  }
  const path = join(root, 'docs', 'runtimes.md');
  const text = readFileSync(path, 'utf8');
  const [from, to] = [text.indexOf(START), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/runtimes.md holds no ${START} with ${END} after it`);
  writeFileSync(path, `${text.slice(0, from + START.length)}\n${table(runtimes, rows)}\n${text.slice(to)}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
