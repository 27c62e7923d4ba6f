// Lays out a new method: `pnpm new retriever item-graph` writes its file, its test and its entries. What it writes works
// and passes the tests of its kind; replace what it computes by your own.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { backbone, backboneTest } from './templates/backbone.mjs';
import { codebook, codebookTest } from './templates/codebook.mjs';
import { encoder, encoderTest } from './templates/encoder.mjs';
import { provider, providerTest } from './templates/provider.mjs';
import { retriever, retrieverTest } from './templates/retriever.mjs';
import { root as workspace } from './workspace.mjs';

/** An entry of an index: a line that exports by name, sorted by the file that it names. */
const exported = (path, line) => ({ path, insert: (text) => sortedLine(text, line) });

/** An entry of a table of methods: the import, and a line before the table's end. */
const tabled = (path, importLine, entry) => ({
  path,
  insert: (text) =>
    sortedLine(text, importLine).replace(/^\} (?=satisfies|as const)/m, (end) => `${entry}${end}`),
});

/** An entry of the list of retrievers, from which the engine, the apps and the tables take them. */
const listed = ({ file, type, constant, title }) => ({
  path: 'packages/retrievers/src/classic/methods.ts',
  insert: (text) =>
    sortedLine(text, `import { ${constant}, ${type} } from './${file}.js';\n`).replace(
      /\n\];\n$/,
      () =>
        `\n  { key: '${file}', title: '${title}', of: ${type}, options: ${constant}, deterministic: true },\n];\n`,
    ),
});

/** Kinds of methods: what is written, by path, and the entries in files that are there, below the root. */
const KINDS = {
  retriever: (names) => ({
    files: {
      [`packages/retrievers/src/classic/${names.file}.ts`]: retriever(names),
      [`packages/retrievers/test/classic/${names.file}.test.ts`]: retrieverTest(names),
    },
    entries: [listed(names)],
  }),
  codebook: (names) => ({
    files: {
      [`packages/semantic-id/src/codebooks/${names.file}.ts`]: codebook(names),
      [`packages/semantic-id/test/codebooks/${names.file}.test.ts`]: codebookTest(names),
    },
    entries: [
      exported(
        'packages/semantic-id/src/index.ts',
        `export { ${names.constant}, ${names.type}, type ${names.type}Options } from './codebooks/${names.file}.js';\n`,
      ),
      tabled(
        'packages/semantic-id/src/codebooks/codebooks.ts',
        `import { ${names.type} } from './${names.file}.js';\n`,
        `  '${names.file}': ${names.type},\n`,
      ),
    ],
  }),
  backbone: (names) => ({
    files: {
      [`packages/knowledge-augment/src/ctr/${names.file}.ts`]: backbone(names),
      [`packages/knowledge-augment/test/ctr/${names.file}.test.ts`]: backboneTest(names),
    },
    entries: [
      tabled(
        'packages/knowledge-augment/src/ctr/backbones.ts',
        `import { ${names.camel} } from './${names.file}.js';\n`,
        `  '${names.file}': ${names.camel},\n`,
      ),
    ],
  }),
  encoder: (names) => ({
    files: {
      [`packages/llm/src/encoders/${names.file}.ts`]: encoder(names),
      [`packages/llm/test/encoders/${names.file}.test.ts`]: encoderTest(names),
    },
    entries: [
      exported(
        'packages/llm/src/index.ts',
        `export { ${names.constant}, ${names.camel}Encoder, type ${names.type}Options } from './encoders/${names.file}.js';\n`,
      ),
    ],
  }),
  provider: (names) => ({
    files: {
      [`packages/llm/src/models/${names.file}.ts`]: provider(names),
      [`packages/llm/test/models/${names.file}.test.ts`]: providerTest(names),
    },
    entries: [
      exported(
        'packages/llm/src/index.ts',
        `export { ${names.constant}, ${names.camel}Model, type ${names.type}Options } from './models/${names.file}.js';\n`,
      ),
    ],
  }),
};

/** A text of one-line imports or exports with one line more, before the first that names a file behind its own. */
function sortedLine(text, line) {
  const lines = text.split(/(?<=;\n)/);
  const key = (each) => /from '([^']+)'/.exec(each)?.[1] ?? '';
  const at = lines.findIndex((each) => key(each) > key(line));
  // Behind the last import or export, where none names a file behind it.
  const last = lines.findLastIndex((each) => key(each) !== '');
  lines.splice(at < 0 ? last + 1 : at, 0, line);
  return lines.join('');
}

function refuse(message) {
  process.stderr.write(
    `${message}\nUsage: pnpm new ${Object.keys(KINDS).join('|')} NAME, for example item-graph\n`,
  );
  process.exit(2);
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { root: { type: 'string', default: workspace } },
});
const [kind, file, ...rest] = positionals;
if (!Object.hasOwn(KINDS, kind ?? '')) refuse(`There is no kind of method called ${kind ?? '(none)'}.`);
if (rest.length > 0)
  refuse(`One name at a time: ${positionals.slice(1).join(' ')} are ${positionals.length - 1}.`);
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(file ?? ''))
  refuse(`A name is words in lower case joined by hyphens, not ${JSON.stringify(file ?? '')}.`);

const words = file.split('-');
const names = {
  file,
  type: words.map((word) => word[0].toUpperCase() + word.slice(1)).join(''),
  camel: words.map((word, k) => (k === 0 ? word : word[0].toUpperCase() + word.slice(1))).join(''),
  constant: words.join('_').toUpperCase(),
  title: words.join(' '),
};
const { root } = values;
const { files, entries } = KINDS[kind](names);
const written = Object.entries(files).map(([path, text]) => [join(root, path), text]);
const changed = entries.map(({ path, insert }) => {
  const before = readFileSync(join(root, path), 'utf8');
  return { path, before, after: insert(before) };
});
// All is checked before anything is written.
for (const [path] of written) if (existsSync(path)) refuse(`${relative(root, path)} is there already.`);
for (const { path, before } of changed)
  if (new RegExp(`\\b(${names.type}|${names.constant})\\b`).test(before))
    refuse(`${path} has ${names.type} or ${names.constant} already.`);
for (const [path, text] of written) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
for (const { path, after } of changed) writeFileSync(join(root, path), after);
const paths = [...written.map(([path]) => path), ...changed.map(({ path }) => join(root, path))];
if (root === workspace) {
  spawnSync('pnpm', ['exec', 'biome', 'check', '--write', ...paths], { cwd: root, stdio: 'inherit' });
  // Tables of READMEs are made from the declarations and the list of methods.
  spawnSync('pnpm', ['run', '--silent', 'tables', '--write'], { cwd: root, stdio: 'inherit' });
}
for (const path of paths) process.stdout.write(`${relative(root, path)}\n`);
