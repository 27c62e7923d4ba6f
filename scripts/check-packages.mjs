// Proves that each package can be published by itself: packs it, lints the tarball (publint, attw), installs it into
// an empty folder as users do (scripts/installation.mjs), holds tarballs and installations to their limits of size, loads it by
// import and by require(), compiles its declarations without optional peers and with skipLibCheck: false
// (scripts/declarations.mjs), and runs every ```ts example of its README there, on whatever build of ONNX Runtime npm could
// install. Installs the projects of examples/ in the same way, and runs their tests.
//
//   node scripts/check-packages.mjs [name ...]      check these packages and projects, or all
//   node scripts/check-packages.mjs --sizes         install each with an empty cache and write the README's table
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { checkDeclarations, compilers } from './declarations.mjs';
import { examplesIn } from './example-folder.mjs';
import {
  checkLight,
  checkTarball,
  install,
  installed,
  installProject,
  LIGHT,
  MOST_MEGABYTES,
  sizesTable,
  userEnvironment,
  writeSizes,
} from './installation.mjs';
import { examples, published, root } from './workspace.mjs';

const exec = promisify(execFile);
const work = mkdtempSync(join(tmpdir(), 'palate-packages-'));
const asksForSizes = process.argv.includes('--sizes');
const only = process.argv.slice(2).filter((each) => !each.startsWith('--'));
const all = published();
const options = { maxBuffer: 1 << 26 };
let passed = 0;
const failures = [];

/** The examples of a README that are run. */
function examplesOf(dir) {
  const path = join(dir, 'README.md');
  if (!existsSync(path)) return [];
  return examplesIn(readFileSync(path, 'utf8')).flatMap(({ code, isRun }) => (isRun ? [code] : []));
}

/** What every README has, so that a reader finds it where it is in the others. */
const PARTS = (name) => [
  ['an install line', new RegExp(`^npm install (?:[^\\n]* )?${name}\\b`, 'm')],
  ['an example that is run', /(?<!<!-- not run.*-->\n)^```ts\n/m],
  ['a table', /^\|[-:|]+\|$/m],
  ['its limits', /^## Limits$/m],
];

function checkReadme(dir, name) {
  const text = readFileSync(join(dir, 'README.md'), 'utf8');
  const missing = PARTS(name).flatMap(([part, shape]) => (shape.test(text) ? [] : [part]));
  if (missing.length > 0) throw new Error(`README.md lacks ${missing.join(', ')}`);
}

async function step(label, action) {
  try {
    const note = await action();
    passed++;
    process.stdout.write(`ok ${label}${note === undefined ? '' : ` (${note})`}\n`);
    return true;
  } catch (error) {
    failures.push(label);
    process.stdout.write(
      `FAILED ${label}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.stdout === undefined ? error.stack : ''}\n`,
    );
    return false;
  }
}

const noteOf = ({ seconds, megabytes, names }) =>
  `${seconds.toFixed(1)} s, ${megabytes.toFixed(1)} MB, ${names.length} packages`;

/** Packs every package; gives the paths by name. */
async function packed() {
  const tarballs = new Map();
  for (const { dir, manifest } of all)
    await step(`${manifest.name} packs`, async () => {
      const out = join(work, 'tarballs', manifest.name);
      await mkdir(out, { recursive: true });
      await exec('pnpm', ['pack', '--pack-destination', out], { ...options, cwd: dir });
      const [file] = readdirSync(out);
      const path = join(out, file);
      tarballs.set(manifest.name, path);
      return checkTarball(manifest.name, statSync(path).size);
    });
  return tarballs;
}

async function runExample(code, path, folder, env) {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    },
  });
  writeFileSync(path, outputText);
  const { stdout } = await exec(process.execPath, [path], { ...options, cwd: folder, env, timeout: 300_000 });
  if (stdout.trim() === '') throw new Error('the example printed nothing');
}

/** Loads a package as an ES module and from CommonJS, and compares what comes. */
async function loadBothWays(name, folder, env) {
  const code = `import(${JSON.stringify(name)}).then((module) => {
    const required = Object.keys(require(${JSON.stringify(name)}));
    const missing = Object.keys(module).filter((each) => !required.includes(each));
    if (missing.length > 0) throw new Error('require() lacks ' + missing.join(', '));
    console.log(required.length + ' exports');
  })`;
  const { stdout } = await exec(process.execPath, ['-e', code], { ...options, cwd: folder, env });
  return stdout.trim();
}

/** Which build of ONNX Runtime an installation computes with. */
async function runtimeOf(folder, env) {
  const code =
    "const { ortRuntime } = await import('@palate/tfjs-backend-ort'); const { runtime, reason } = ortRuntime(); console.log(runtime + (reason ? ', ' + reason : ''));";
  const { stdout } = await exec(process.execPath, ['--input-type=module', '-e', code], {
    ...options,
    cwd: folder,
    env,
  });
  return `computes with ${stdout.trim()}`;
}

async function checkPackage({ dir, manifest }, tarballs, env, versions) {
  const { name } = manifest;
  const tarball = tarballs.get(name);
  await step(`${name} passes publint`, async () => {
    await exec('pnpm', ['exec', 'publint', 'run', '--strict', tarball], { ...options, cwd: root });
  });
  await step(`${name} passes attw`, async () => {
    await exec('pnpm', ['exec', 'attw', '--profile', 'esm-only', tarball], { ...options, cwd: root });
  });
  const folder = join(work, 'install', name);
  const examples = examplesOf(dir);
  // The examples' own imports come along, as the README's install line names them.
  const imported = examples.flatMap((code) =>
    [...code.matchAll(/from '(@palate\/[a-z-]+)/g)].map(([, each]) => each),
  );
  if (name in LIGHT)
    await step(`${name} is light`, async () => {
      const seconds = await install(folder, [name], tarballs, env);
      const found = installed(folder);
      checkLight(name, found);
      return noteOf({ ...found, seconds });
    });
  const isInstalled = await step(`${name} installs into an empty folder`, async () => {
    const seconds = await install(folder, [...new Set([name, ...imported])], tarballs, env);
    const found = installed(folder);
    if (found.megabytes > MOST_MEGABYTES)
      throw new Error(`${found.megabytes.toFixed(0)} MB are more than the limit of ${MOST_MEGABYTES} MB`);
    return noteOf({ ...found, seconds });
  });
  if (!isInstalled) return;
  if (existsSync(join(folder, 'node_modules', '@palate', 'tfjs-backend-ort')))
    await step(`${name} finds a build of ONNX Runtime`, () => runtimeOf(folder, env));
  await step(`${name} loads by import and by require()`, () => loadBothWays(name, folder, env));
  await step(`${name} has declarations that hold with skipLibCheck: false`, () =>
    checkDeclarations(folder, manifest, versions),
  );
  await step(`${name} has a README with an install line, an example, a table and its limits`, async () =>
    checkReadme(dir, name),
  );
  for (const [index, code] of examples.entries())
    await step(`${name} runs README example ${index + 1}`, () =>
      runExample(code, join(folder, `example-${index + 1}.mjs`), folder, env),
    );
  rmSync(folder, { recursive: true, force: true });
}

/** Installs a project of examples/ and runs its test, as who copied its folder would. */
async function checkProject({ dir, manifest: { name } }, tarballs, env) {
  const copies = join(work, 'examples');
  const folder = join(copies, basename(dir));
  // The data that all projects read.
  await cp(join(root, 'examples', 'shop'), join(copies, 'shop'), { recursive: true });
  await cp(dir, folder, {
    recursive: true,
    filter: (path) => basename(path) !== 'node_modules',
  });
  const isInstalled = await step(`${name} installs`, async () => {
    const seconds = await installProject(folder, tarballs, env);
    return noteOf({ ...installed(folder), seconds });
  });
  if (isInstalled)
    await step(`${name} passes its test`, async () => {
      await exec('npm', ['test'], { ...options, cwd: folder, env, timeout: 600_000 });
    });
  rmSync(folder, { recursive: true, force: true });
}

/** Installs each package alone, with an empty cache each time. */
async function measure(tarballs) {
  const rows = [];
  for (const { manifest } of all) {
    const { name } = manifest;
    await step(`${name} installs`, async () => {
      const folder = join(work, 'size', name);
      const cache = join(work, 'size-cache', name);
      const seconds = await install(folder, [name], tarballs, userEnvironment(cache));
      const row = { name, seconds, ...installed(folder) };
      rows.push(row);
      rmSync(folder, { recursive: true, force: true });
      rmSync(cache, { recursive: true, force: true });
      return noteOf(row);
    });
  }
  const table = sizesTable(rows);
  process.stdout.write(`${table}\n`);
  if (failures.length === 0) writeSizes(table);
}

try {
  const tarballs = await packed();
  if (asksForSizes) await measure(tarballs);
  else {
    // One cache for the run, empty at first.
    const env = userEnvironment(join(work, 'npm-cache'));
    const versions = await compilers(join(work, 'compilers'), env);
    for (const entry of all)
      if ((only.length === 0 || only.includes(entry.manifest.name)) && tarballs.has(entry.manifest.name))
        await checkPackage(entry, tarballs, env, versions);
    for (const entry of examples())
      if (only.length === 0 || only.includes(entry.manifest.name)) await checkProject(entry, tarballs, env);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.stdout.write(`packages: ${passed} passed, ${failures.length} failed\n`);
for (const label of failures) process.stdout.write(`  ${label}\n`);
process.exit(failures.length === 0 ? 0 : 1);
