// Lays out a new method: `pnpm new retriever item-graph` writes its file, its test and its entry of the index. What it
// writes works and passes the conformance suite; replace the scoring by your own.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { retriever, retrieverTest } from './templates/retriever.mjs';
import { root as workspace } from './workspace.mjs';

/** Kinds of methods: where each lies, below the root, and what is written. */
const KINDS = {
  retriever: {
    index: 'packages/retrievers/src/index.ts',
    files: (names) => ({
      [`packages/retrievers/src/classic/${names.file}.ts`]: retriever(names),
      [`packages/retrievers/test/classic/${names.file}.test.ts`]: retrieverTest(names),
    }),
    entry: ({ file, type, constant }) =>
      `export { ${constant}, ${type}, type ${type}Options } from './classic/${file}.js';\n`,
  },
};

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
  constant: words.join('_').toUpperCase(),
  title: words.join(' '),
};
const { root } = values;
const { index, files, entry } = KINDS[kind];
const indexPath = join(root, index);
const before = readFileSync(indexPath, 'utf8');
const line = entry(names);
const written = Object.entries(files(names)).map(([path, text]) => [join(root, path), text]);
// All is checked before anything is written.
for (const [path] of written) if (existsSync(path)) refuse(`${relative(root, path)} is there already.`);
if (new RegExp(`\\b(${names.type}|${names.constant})\\b`).test(before))
  refuse(`${index} exports ${names.type} or ${names.constant} already.`);
for (const [path, text] of written) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
// Entries are sorted by the file that they name.
const lines = before.split(/(?<=;\n)/);
const key = (each) => /from '([^']+)'/.exec(each)?.[1] ?? '';
const at = lines.findIndex((each) => key(each) > key(line));
lines.splice(at < 0 ? lines.length : at, 0, line);
writeFileSync(indexPath, lines.join(''));
const paths = [...written.map(([path]) => path), indexPath];
if (root === workspace)
  spawnSync('pnpm', ['exec', 'biome', 'check', '--write', ...paths], { cwd: root, stdio: 'inherit' });
for (const path of paths) process.stdout.write(`${relative(root, path)}\n`);
