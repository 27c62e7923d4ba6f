// Writes a page for the interface of each package into docs/.site/api, from its sources, by TypeDoc.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, LogLevel } from 'typedoc';
import { filesBelow, published } from '../../scripts/workspace.mjs';
import { slugify } from './anchors.mjs';
import { docs, root } from './places.mjs';

/** Takes numbers off anchors that no heading of the page has: TypeDoc counts some headings that it does not write. */
function fixAnchors(text) {
  const counts = new Map();
  for (const [, title] of text.matchAll(/^#+ (.+)$/gm))
    counts.set(slugify(title), (counts.get(slugify(title)) ?? 0) + 1);
  return text.replace(/\]\(#([\w-]+)-(\d+)\)/g, (all, name, k) =>
    Number(k) >= counts.get(name) ? `](#${name})` : all,
  );
}

/** Entries of the packages by the name that they are imported by, without the scope. */
const entries = () =>
  published().flatMap(({ dir, manifest }) => {
    const name = manifest.name.replace('@palate/', '');
    const testing = join(dir, 'src', 'testing', 'index.ts');
    return [
      [join(dir, 'src', 'index.ts'), name],
      ...(existsSync(testing) ? [[testing, `${name}/testing`]] : []),
    ];
  });

/** Writes them all; gives their number. */
export async function writeInterfaces() {
  const all = entries();
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: all.map(([path]) => path),
    tsconfig: join(root, 'tsconfig.check.json'),
    // The check of types is one of its own.
    skipErrorChecking: true,
    logLevel: LogLevel.Error,
    readme: 'none',
    disableGit: true,
    disableSources: true,
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    outputs: [{ name: 'markdown', path: join(docs, '.site', 'api') }],
    outputFileStrategy: 'modules',
    entryFileName: 'index',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    pageTitleTemplates: { module: 'Interface of @palate/{name}', index: 'Interfaces' },
  });
  const project = await app.convert();
  if (!project) throw new Error('TypeDoc could not read the sources');
  const named = new Map(
    all.map(([path, name]) => [
      path.slice(root.length + 'packages/'.length + 1).replace(/\/index\.ts$/, ''),
      name,
    ]),
  );
  for (const child of project.children ?? []) child.name = named.get(child.name) ?? child.name;
  await app.generateOutputs(project);
  for (const path of filesBelow(join(docs, '.site', 'api'), ['.md']))
    writeFileSync(path, fixAnchors(readFileSync(path, 'utf8')));
  return all.length;
}
