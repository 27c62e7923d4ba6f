// Installs packed tarballs as users do (plain npm, an empty cache, nothing skipped) and says what that costs.
import { execFile } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { published, root } from './workspace.mjs';

const exec = promisify(execFile);
const all = published();
const byName = new Map(all.map((entry) => [entry.manifest.name, entry]));

/** Packages that anyone should be able to afford: at most so many megabytes with all they bring, no tensors. */
export const LIGHT = {
  '@palate/core': { megabytes: 10, without: /^(onnxruntime-|@tensorflow\/)/ },
  '@palate/datasets': { megabytes: 10, without: /^(onnxruntime-|@tensorflow\/)/ },
  '@palate/eval': { megabytes: 10, without: /^(onnxruntime-|@tensorflow\/)/ },
  '@palate/retrievers': { megabytes: 10, without: /^(onnxruntime-|@tensorflow\/)/ },
};

/** Megabytes that a tarball may have at most: code alone, but for the data set. */
const TARBALL = { default: 0.6, '@palate/dataset-movietweetings': 6, '@palate/tfjs-backend-ort': 1 };

/** Megabytes that any package may bring with all that it needs. */
export const MOST_MEGABYTES = 400;

/** Refuses a tarball beyond its limit: something was packed that does not belong there. */
export function checkTarball(name, bytes) {
  const limit = TARBALL[name] ?? TARBALL.default;
  const size = bytes / 1e6;
  if (size > limit)
    throw new Error(`${name} packs to ${size.toFixed(2)} MB, more than the limit of ${limit} MB`);
  return `${size.toFixed(2)} MB packed`;
}

/** Settings that may be set where the check runs, but not for users. */
const OURS =
  /^(ONNXRUNTIME_NODE_INSTALL|PALATE_|npm_config_(cache|ignore_scripts|offline|prefer_offline|omit|include)$)/i;

/** The environment of a user whose npm cache is the folder given. */
export function userEnvironment(cache) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)));
  return { ...env, npm_config_cache: cache };
}

/** Palate packages that a package needs at run time, itself included. */
function needed(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const { dependencies = {}, optionalDependencies = {} } = byName.get(name).manifest;
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies }))
    if (byName.has(dependency)) needed(dependency, seen);
  return seen;
}

/** The version of a package that the workspace pins. */
function pinned(name) {
  const workspace = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  return workspace.match(new RegExp(`^ {2}'?${name}'?: (\\S+)$`, 'm'))?.[1] ?? 'latest';
}

/** Peers that are not optional are the user's to install, as the README says. */
function peersOf({ peerDependencies = {}, peerDependenciesMeta = {} }) {
  return Object.fromEntries(
    Object.keys(peerDependencies)
      .filter((peer) => peerDependenciesMeta[peer]?.optional !== true)
      .map((peer) => [peer, pinned(peer)]),
  );
}

/** Where npm finds packages of ours and those of ours that they need. */
function filesOf(names, tarballs) {
  const wanted = new Set(names.flatMap((name) => [...needed(name)]));
  return Object.fromEntries([...wanted].map((each) => [each, `file:${tarballs.get(each)}`]));
}

/** Runs npm in a folder; gives the seconds that it took. */
async function npmInstall(folder, env) {
  const started = performance.now();
  await exec('npm', ['install', '--no-audit', '--no-fund'], { cwd: folder, env, maxBuffer: 1 << 26 });
  return (performance.now() - started) / 1000;
}

/**
 * Installs packages of ours from their tarballs into a folder.
 *
 * @param folder - made if it is not there; what it holds already is brought up to date
 * @param names - packages of ours that its package.json names
 * @param tarballs - paths by name
 * @returns seconds that npm took
 */
export async function install(folder, names, tarballs, env) {
  mkdirSync(folder, { recursive: true });
  const files = filesOf(names, tarballs);
  const peers = Object.assign({}, ...names.map((name) => peersOf(byName.get(name).manifest)));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies: { ...files, ...peers }, overrides: files }),
  );
  return npmInstall(folder, env);
}

/**
 * Installs a project of `examples/` in a folder that holds a copy of it: packages of ours from their tarballs, all others from
 * the registry.
 *
 * @returns seconds that npm took
 */
export async function installProject(folder, tarballs, env) {
  const path = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const files = filesOf(
    Object.keys(manifest.dependencies).filter((name) => byName.has(name)),
    tarballs,
  );
  const versions = (dependencies) =>
    Object.fromEntries(
      Object.entries(dependencies).map(([name, version]) => [
        name,
        files[name] ?? (version === 'catalog:' ? pinned(name) : version),
      ]),
    );
  writeFileSync(
    path,
    JSON.stringify({
      ...manifest,
      dependencies: { ...versions(manifest.dependencies), ...files },
      devDependencies: versions(manifest.devDependencies),
      overrides: files,
    }),
  );
  return npmInstall(folder, env);
}

function bytesBelow(path) {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}

/** Names of the packages below a node_modules folder, nested ones included. */
function installedBelow(modules) {
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((each) => `${name}/${each}`) : [name],
    )
    .flatMap((name) => [name, ...installedBelow(join(modules, name, 'node_modules'))]);
}

/** Contents of the node_modules of a folder: megabytes (of 10^6 bytes) and names of packages. */
export function installed(folder) {
  const modules = join(folder, 'node_modules');
  return { megabytes: bytesBelow(modules) / 1e6, names: installedBelow(modules) };
}

/** Throws if a package that is to stay light did not. */
export function checkLight(name, { megabytes, names }) {
  const limit = LIGHT[name];
  if (!limit) return;
  if (megabytes > limit.megabytes)
    throw new Error(`${name} installs ${megabytes.toFixed(1)} MB; at most ${limit.megabytes} are allowed`);
  const heavy = names.filter((each) => limit.without.test(each));
  if (heavy.length > 0) throw new Error(`${name} brings ${heavy.join(', ')}`);
}

const START = '<!-- sizes -->';
const END = '<!-- /sizes -->';

/** A Markdown table of installations. */
export function sizesTable(rows) {
  return [
    '| package | installs | packages | time |',
    '|---|---:|---:|---:|',
    ...rows.map(
      ({ name, megabytes, names, seconds }) =>
        `| \`${name}\` | ${megabytes < 10 ? megabytes.toFixed(1) : Math.round(megabytes)} MB | ${names.length} | ${Math.ceil(seconds)} s |`,
    ),
  ].join('\n');
}

/** Puts the table between the markers of the root README. */
export function writeSizes(table) {
  const path = join(root, 'README.md');
  const text = readFileSync(path, 'utf8');
  const [from, to] = [text.indexOf(START), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`README.md holds no ${START} with ${END} after it`);
  writeFileSync(path, `${text.slice(0, from + START.length)}\n${table}\n${text.slice(to)}`);
}
