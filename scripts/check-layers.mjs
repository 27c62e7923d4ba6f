// Holds the import order of the layers: every import of a package's sources must name a layer above it, be
// declared in its package.json, and stay out of other packages' insides; the upper layers know no tensors. Inside of a
// package no file leads back to itself, not by imports of types either: what two files need lies in a third.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { apps, filesBelow, LAYERS, packages, root } from './workspace.mjs';

const TENSORS = ['@tensorflow/', 'onnxruntime-', '@palate/tfjs-backend-ort', '@palate/nn'];
/** Layers that never load tensors. */
const WITHOUT_TENSORS = ['core', 'datasets', 'dataset-movietweetings', 'eval'];
/** Layers that depend on no tensors: an optional peer may bring them, imported when it is there. */
const TENSORS_AS_PEER = ['retrievers'];
/** Layers that load tensors only when they are asked for them. */
const TENSORS_ON_DEMAND = ['llm'];
const faults = [];

const imports = new Map();

/** The import specifiers of a source file, read once; `lazy` marks `import()` and `import type`, which load nothing. */
function importsOf(path) {
  if (!imports.has(path)) imports.set(path, readImports(path));
  return imports.get(path);
}

function readImports(path) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const typeOnly = ts.isImportDeclaration(node)
        ? node.importClause?.isTypeOnly === true
        : node.isTypeOnly;
      found.push({ specifier: node.moduleSpecifier.text, lazy: typeOnly });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteralLike(argument)) found.push({ specifier: argument.text, lazy: true });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push({ specifier: node.argument.literal.text, lazy: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The files that loading `src/index.ts` loads: those its static imports lead to. */
function loadedWithIndex(src) {
  const loaded = new Set();
  const load = (path) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { specifier, lazy } of importsOf(path))
      if (!lazy && specifier.startsWith('.')) load(join(path, '..', specifier.replace(/\.js$/, '.ts')));
  };
  load(join(src, 'index.ts'));
  return loaded;
}

/** Circles of imports among the files of a package or an app: each as the files on it, from the first back to it. */
function circlesBelow(src) {
  const state = new Map();
  const path = [];
  const circles = [];
  const visit = (file) => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      circles.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    state.set(file, 'open');
    path.push(file);
    for (const { specifier } of importsOf(file))
      if (specifier.startsWith('.')) {
        const next = join(file, '..', specifier.replace(/\.jsx?$/, ''));
        const found = ['.ts', '.tsx'].map((ending) => next + ending).find((path) => existsSync(path));
        if (found) visit(found);
      }
    path.pop();
    state.set(file, 'done');
  };
  for (const file of filesBelow(src, ['.ts', '.tsx'])) visit(file);
  return circles.map((circle) => circle.map((file) => relative(src, file)).join(' -> '));
}

const manifests = new Map(packages().map(({ manifest }) => [manifest.name, manifest]));

/** The names of all that installing a package brings from this workspace, and of what those depend on. */
function withDependencies({ dependencies = {} }, found = new Set()) {
  for (const name of Object.keys(dependencies)) {
    if (found.has(name)) continue;
    found.add(name);
    const own = manifests.get(name);
    if (own) withDependencies(own, found);
  }
  return found;
}

const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

for (const { dir, manifest } of [...packages(), ...apps()]) {
  const layer = manifest.name.replace('@palate/', '');
  const rank = LAYERS.indexOf(layer);
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  if ([...WITHOUT_TENSORS, ...TENSORS_AS_PEER].includes(layer))
    for (const name of withDependencies(manifest))
      if (TENSORS.some((prefix) => name.startsWith(prefix)))
        faults.push(`${layer}: installs without tensors, but depends on ${name}`);
  if (layer === 'core' && Object.keys(declared).length > 0) faults.push('core: has dependencies');
  const loaded = TENSORS_ON_DEMAND.includes(layer) ? loadedWithIndex(join(dir, 'src')) : new Set();
  for (const src of [join(dir, 'src'), join(dir, 'page', 'src')])
    for (const circle of circlesBelow(src))
      faults.push(`${relative(root, src)}: a circle of imports, ${circle}`);
  for (const path of filesBelow(join(dir, 'src'), ['.ts', '.tsx'])) {
    const place = relative(root, path);
    for (const { specifier, lazy } of importsOf(path)) {
      if (specifier.startsWith('.')) {
        if (!join(path, '..', specifier).startsWith(join(dir, 'src')))
          faults.push(`${place}: ${specifier} leaves the package's src`);
        continue;
      }
      if (specifier.startsWith('node:')) continue;
      if (builtinModules.includes(specifier)) {
        faults.push(`${place}: write node:${specifier}`);
        continue;
      }
      const name = packageOf(specifier);
      if (name !== manifest.name && declared[name] === undefined)
        faults.push(`${place}: ${name} is not declared in package.json`);
      if (name.startsWith('@palate/')) {
        const other = LAYERS.indexOf(name.replace('@palate/', ''));
        if (other < 0) faults.push(`${place}: imports the app or unknown package ${name}`);
        else if (rank >= 0 && other >= rank)
          faults.push(`${place}: ${layer} may not import ${name}, a layer below it`);
        if (specifier !== name && !(name in declared && specifier === '@palate/core/testing'))
          faults.push(`${place}: ${specifier} reaches into a package`);
      }
      const isTensor = TENSORS.some((prefix) => name.startsWith(prefix));
      if (isTensor && WITHOUT_TENSORS.includes(layer))
        faults.push(`${place}: ${layer} knows nothing of tensors, but imports ${name}`);
      if (isTensor && TENSORS_AS_PEER.includes(layer)) {
        if (!lazy) faults.push(`${place}: ${layer} installs without tensors, but imports ${name} at once`);
        if (manifest.peerDependenciesMeta?.[name]?.optional !== true)
          faults.push(`${place}: ${layer} installs without tensors: make ${name} an optional peer`);
      }
      if (isTensor && loaded.has(path) && !lazy)
        faults.push(
          `${place}: ${layer} loads tensors only on demand, but its index loads this file and ${name}`,
        );
    }
  }
}

const known = new Set(packages().map(({ dir }) => relative(join(root, 'packages'), dir)));
for (const name of readdirSync(join(root, 'packages')))
  if (!known.has(name)) faults.push(`packages/${name}: not a layer of scripts/workspace.mjs`);

for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(
  `layers: ${faults.length === 0 ? 'every import keeps the order, and none leads in a circle' : `${faults.length} faults`}\n`,
);
process.exit(faults.length === 0 ? 0 : 1);
