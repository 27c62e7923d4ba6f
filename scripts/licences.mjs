// The licences of what users install with the packages: every runtime dependency of every published package, through and
// through, as it is installed here. Run by itself it checks them: each has one of the licences below, by which everything may
// be used and passed on under MIT.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { published } from './workspace.mjs';

const ALLOWED = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
]);

const manifestOf = (dir) => JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));

/** The folder of a dependency, as Node would find it from a package's own folder. */
function find(name, from) {
  for (let dir = from; ; dir = dirname(dir)) {
    const found = join(dir, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return realpathSync(found);
    if (dir === dirname(dir)) return undefined;
  }
}

const licenceOf = ({ license, licenses }) =>
  (typeof license === 'string'
    ? license
    : (license?.type ?? licenses?.map(({ type }) => type).join(' OR '))) ?? 'none stated';

/** Whether a licence, or one side of a choice, is among the allowed ones. */
const isAllowed = (licence) =>
  licence
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((each) => ALLOWED.has(each.trim())));

/**
 * Every runtime dependency by name and version, with its licence and the packages that bring it. Builds for one platform alone
 * are left out: they are parts of the package that names them.
 */
export function runtimeLicences() {
  const found = new Map();
  for (const { dir, manifest } of published()) {
    const seen = new Set();
    const visit = (from, manifest) => {
      const { optionalDependencies = {}, peerDependenciesMeta = {} } = manifest;
      const peers = Object.keys(manifest.peerDependencies ?? {}).filter(
        (name) => !peerDependenciesMeta[name]?.optional,
      );
      for (const name of [...Object.keys({ ...manifest.dependencies, ...optionalDependencies }), ...peers]) {
        const at = find(name, from);
        if (at === undefined) {
          // A peer of a dependency that nobody installed is not needed here.
          if (name in optionalDependencies || (peers.includes(name) && !name.startsWith('@palate/')))
            continue;
          throw new Error(`${name}, a dependency of ${from}, is not installed`);
        }
        if (seen.has(at)) continue;
        seen.add(at);
        const own = manifestOf(at);
        if (name.startsWith('@palate/')) {
          visit(at, own);
          continue;
        }
        if (own.os?.length === 1 || own.cpu?.length === 1) continue;
        const key = `${own.name}@${own.version}`;
        const entry = found.get(key) ?? {
          name: own.name,
          version: own.version,
          licence: licenceOf(own),
          of: new Set(),
        };
        entry.of.add(manifest.name);
        found.set(key, entry);
        visit(at, own);
      }
    };
    visit(dir, manifest);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The list as a Markdown table. */
export function licenceTable() {
  const all = runtimeLicences();
  const brings = ({ of }) =>
    of.size > 4 ? `${of.size} packages` : [...of].map((name) => `\`${name}\``).join(', ');
  return [
    '| package | version | licence | comes with |',
    '|---|---|---|---|',
    ...all.map((each) => `| \`${each.name}\` | ${each.version} | ${each.licence} | ${brings(each)} |`),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = runtimeLicences();
  const faults = all.filter(({ licence }) => !isAllowed(licence));
  for (const { name, version, licence } of faults)
    process.stderr.write(`${name}@${version}: ${licence} is not among the licences that are allowed here\n`);
  process.stdout.write(`licences: ${all.length} runtime dependencies, ${faults.length} faults\n`);
  process.exit(faults.length === 0 ? 0 : 1);
}
