// Proves that each package can be published by itself: packs it, lints the tarball (publint, attw), installs the
// tarballs into an empty folder with npm and runs every ```ts example of its README there.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { packages, root } from './workspace.mjs';

const exec = promisify(execFile);
const work = mkdtempSync(join(tmpdir(), 'palate-packages-'));
const only = process.argv.slice(2);
const all = packages();
const byName = new Map(all.map((entry) => [entry.manifest.name, entry]));
const options = { maxBuffer: 1 << 26, env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' } };
let passed = 0;
const failures = [];

/** Palate packages that a package needs at run time, itself included. */
function needed(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const dependency of Object.keys(byName.get(name).manifest.dependencies ?? {}))
    if (byName.has(dependency)) needed(dependency, seen);
  return seen;
}

/** The ```ts blocks of a README. */
function examplesOf(dir) {
  const path = join(dir, 'README.md');
  if (!existsSync(path)) return [];
  return [...readFileSync(path, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
}

async function step(label, action) {
  try {
    await action();
    passed++;
    process.stdout.write(`ok ${label}\n`);
    return true;
  } catch (error) {
    failures.push(label);
    process.stdout.write(
      `FAILED ${label}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.stdout === undefined ? error.stack : ''}\n`,
    );
    return false;
  }
}

try {
  const tarballs = new Map();
  for (const { dir, manifest } of all) {
    await step(`${manifest.name} packs`, async () => {
      const out = join(work, 'tarballs', manifest.name);
      await mkdir(out, { recursive: true });
      await exec('pnpm', ['pack', '--pack-destination', out], { ...options, cwd: dir });
      const [file] = readdirSync(out);
      tarballs.set(manifest.name, join(out, file));
    });
  }
  for (const { dir, manifest } of all) {
    const { name } = manifest;
    if ((only.length > 0 && !only.includes(name)) || !tarballs.has(name)) continue;
    await step(`${name} passes publint`, () =>
      exec('pnpm', ['exec', 'publint', 'run', '--strict', tarballs.get(name)], { ...options, cwd: root }),
    );
    await step(`${name} passes attw`, () =>
      exec('pnpm', ['exec', 'attw', '--profile', 'esm-only', tarballs.get(name)], { ...options, cwd: root }),
    );
    const folder = join(work, 'install', name);
    const installed = await step(`${name} installs into an empty folder`, async () => {
      await mkdir(folder, { recursive: true });
      // The examples' own imports come along, as the README's install line names them.
      const imported = examplesOf(dir).flatMap((code) =>
        [...code.matchAll(/from '(@palate\/[a-z-]+)'/g)].map(([, each]) => each),
      );
      const wanted = new Set([name, ...imported].flatMap((each) => [...needed(each)]));
      const files = Object.fromEntries([...wanted].map((each) => [each, `file:${tarballs.get(each)}`]));
      // Peers that are not optional are the user's to install, as the README says.
      const meta = manifest.peerDependenciesMeta ?? {};
      const workspace = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
      const pinned = (peer) => workspace.match(new RegExp(`^ {2}'?${peer}'?: (\\S+)$`, 'm'))?.[1] ?? 'latest';
      const peers = Object.fromEntries(
        Object.keys(manifest.peerDependencies ?? {})
          .filter((peer) => meta[peer]?.optional !== true)
          .map((peer) => [peer, pinned(peer)]),
      );
      writeFileSync(
        join(folder, 'package.json'),
        JSON.stringify({
          private: true,
          type: 'module',
          dependencies: { ...files, ...peers },
          overrides: files,
        }),
      );
      await exec('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], {
        ...options,
        cwd: folder,
      });
    });
    if (!installed) continue;
    const examples = examplesOf(dir);
    await step(`${name} has a README example`, async () => {
      if (examples.length === 0) throw new Error('README.md holds no ```ts block');
    });
    for (const [index, code] of examples.entries())
      await step(`${name} runs README example ${index + 1}`, async () => {
        const { outputText } = ts.transpileModule(code, {
          compilerOptions: {
            module: ts.ModuleKind.ESNext,
            target: ts.ScriptTarget.ES2023,
            verbatimModuleSyntax: true,
          },
        });
        writeFileSync(join(folder, `example-${index + 1}.mjs`), outputText);
        const { stdout } = await exec(process.execPath, [`example-${index + 1}.mjs`], {
          ...options,
          cwd: folder,
          timeout: 120_000,
        });
        if (stdout.trim() === '') throw new Error('the example printed nothing');
      });
    rmSync(folder, { recursive: true, force: true });
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.stdout.write(`packages: ${passed} passed, ${failures.length} failed\n`);
for (const label of failures) process.stdout.write(`  ${label}\n`);
process.exit(failures.length === 0 ? 0 : 1);
