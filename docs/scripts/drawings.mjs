// Draws docs/drawings/*.dot into docs/images/methods as SVG, with Graphviz in WebAssembly. A node says by `kind` what it is;
// colours, fonts and spaces are set here for all.
//
//   node docs/scripts/drawings.mjs          draws all anew (after pnpm docs:build, which installs the tools)
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { docs } from './places.mjs';

const COLOURS = { data: '#dbe9f6', text: '#f7efd0', model: '#ffffff', list: '#d8efd9' };
const COMMON = `
  rankdir=LR; compound=true; bgcolor="white"; pad=0.15; nodesep=0.25; ranksep=0.35; fontname="Helvetica"; fontsize=13; fontcolor="#444444";
  style="rounded"; color="#bbbbbb";
  node [shape=box style="rounded,filled" fillcolor=white color="#666666" fontname="Helvetica" fontsize=15 margin="0.14,0.07"];
  edge [color="#666666" arrowsize=0.7 fontname="Helvetica" fontsize=12 fontcolor="#444444"];
`;
const images = join(docs, 'images', 'methods');

/** Shrinks letters within the space that they were given: browsers without the font take a wider one. */
const shrunk = (svg) =>
  svg.replace(/font-size="([\d.]+)"/g, (_, size) => `font-size="${(Number(size) * 0.82).toFixed(1)}"`);

/** The SVG of each drawing, by its path. */
async function drawn() {
  const require = createRequire(join(docs, 'package.json'));
  const { instance } = await import(pathToFileURL(require.resolve('@viz-js/viz')).href);
  const viz = await instance();
  const folder = join(docs, 'drawings');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.dot'))
    .map((name) => {
      const source = readFileSync(join(folder, name), 'utf8')
        .replace('{', `{${COMMON}`)
        .replace(/kind=(\w+)/g, (_, kind) => `fillcolor="${COLOURS[kind]}"`);
      const svg = shrunk(viz.renderString(source, { format: 'svg' }))
        .replace(/^[\s\S]*?(?=<svg)/, '')
        .replace(/<!--[\s\S]*?-->\n?/g, '')
        .replace(/<title>[\s\S]*?<\/title>\n?/g, '');
      return { path: join(images, `${basename(name, '.dot')}.svg`), svg };
    });
}

/** What is wrong with the committed drawings: they are not what their sources draw. */
export async function staleDrawings() {
  return (await drawn())
    .filter(({ path, svg }) => !existsSync(path) || readFileSync(path, 'utf8') !== svg)
    .map(({ path }) => `${path} is not what its source draws: node docs/scripts/drawings.mjs`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(images, { recursive: true });
  for (const { path, svg } of await drawn()) writeFileSync(path, svg);
}
