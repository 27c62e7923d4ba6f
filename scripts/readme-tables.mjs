// Holds the tables of the packages' READMEs to what they are made from: the options that each package declares and
// exports, and the registry of methods. A table stands under its mark, `<!-- options of Ease.fit -->` or
// `<!-- methods -->`. With --write the tables are written anew, and options that have none yet get one at the end.
// Reads the packages' sources: run it by `pnpm tables`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packages, root } from './workspace.mjs';

const isWriting = process.argv.includes('--write');
const load = (path) => import(pathToFileURL(path).href);
const isOptionSet = (value) =>
  typeof value === 'object' &&
  value !== null &&
  typeof value.table === 'function' &&
  Object.keys(value.declarations ?? {}).length > 0;

/** A README with a table under its mark, in place of the one that is there. */
function withTable(readme, mark, table) {
  const at = readme.indexOf(mark);
  if (at < 0) return undefined;
  const after = readme.slice(at + mark.length).replace(/^\n+(\|[^\n]*(\n|$))*/, '');
  return `${readme.slice(0, at)}${mark}\n\n${table}\n${after === '' ? '' : `\n${after.replace(/^\n+/, '')}`}`;
}

/** A README with a further table: under the heading that names its function, or at the end. */
function withSection(readme, { where, mark, table }) {
  const named = where.includes(' ') ? where : `\`${where}\``;
  const heading = `### Options of ${named}\n`;
  const at = readme.indexOf(heading);
  if (at >= 0) {
    const end = at + heading.length;
    return withTable(`${readme.slice(0, end)}\n${mark}\n${readme.slice(end)}`, mark, table);
  }
  const section = /^## Options$/m.test(readme) ? '' : '## Options\n\n';
  return `${readme.trimEnd()}\n\n${section}${heading}\n${mark}\n\n${table}\n`;
}

const faults = [];
let tables = 0;
for (const { dir } of packages()) {
  const path = join(dir, 'README.md');
  const before = readFileSync(path, 'utf8');
  const wanted = Object.values(await load(join(dir, 'src', 'index.ts')))
    .filter(isOptionSet)
    .map((set) => ({ where: set.where, mark: `<!-- options of ${set.where} -->`, table: set.table() }));
  if (before.includes('<!-- methods -->'))
    wanted.push({
      where: 'the methods',
      mark: '<!-- methods -->',
      table: (await load(join(dir, 'src', 'methods', 'method-table.ts'))).methodTable(),
    });
  let readme = before;
  for (const each of wanted) {
    tables++;
    const { where, mark, table } = each;
    const next = withTable(readme, mark, table);
    if (next === readme) continue;
    if (!isWriting)
      faults.push(
        `${relative(root, path)}: ${next === undefined ? 'no table' : 'another table'} under ${mark}`,
      );
    readme = next ?? withSection(readme, each);
    if (isWriting) process.stdout.write(`${relative(root, path)}: ${where}\n`);
  }
  if (isWriting && readme !== before) writeFileSync(path, readme);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.stderr.write('Write them anew: pnpm tables --write\n');
process.stdout.write(`README tables: ${tables} tables of options and methods, ${faults.length} faults\n`);
process.exit(faults.length === 0 ? 0 : 1);
