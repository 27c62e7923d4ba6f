// The workspace as the checks know it: its packages in the order of the layers (a layer may import only
// from layers above it).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Layers from top to bottom. */
export const LAYERS = [
  'core',
  'datasets',
  'dataset-movietweetings',
  'eval',
  'tfjs-backend-ort',
  'nn',
  'llm',
  'retrievers',
  'sequential',
  'semantic-id',
  'knowledge-augment',
  'graph-augment',
  'narrative',
  'llm-rank',
  'uem',
  'postgres',
  'jobs',
  'engine',
  'command-line',
];

const read = (dir) => ({ dir, manifest: JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) });

/** The packages that exist, in the order of the layers. */
export function packages() {
  return LAYERS.map((name) => join(root, 'packages', name))
    .filter((dir) => existsSync(join(dir, 'package.json')))
    .map(read);
}

/** The packages that are published. */
export const published = () => packages().filter(({ manifest }) => manifest.private !== true);

/** The projects of a folder of the workspace. */
const projects = (folder) =>
  readdirSync(join(root, folder))
    .map((name) => join(root, folder, name))
    .filter((dir) => existsSync(join(dir, 'package.json')))
    .map(read);

/** The apps. */
export const apps = () => projects('apps');

/** The projects that show the packages beside other libraries. */
export const examples = () => projects('examples');

/** Every file below a folder whose name ends as asked; installed and built files are left out. */
export function filesBelow(dir, endings) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'coverage'].includes(entry.name) ? [] : filesBelow(path, endings);
    return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
  });
}
