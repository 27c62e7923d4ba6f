// Puts the tables into the pages that name them, out of where each is kept true:
//
//   <!-- options of Ease.fit -->            options, from the READMEs of the packages (held to the declarations by `pnpm tables`)
//   <!-- methods -->                        the registry, from the README of the engine
//   <!-- results:palr -->                   a table of the benchmark, from its README; with rows="…", the rows whose first
//                                           cell that expression matches; palr* is every table whose name begins so
//   <!-- packages -->, <!-- sizes -->       tables of the root README
//   <!-- error codes -->, <!-- kernels -->, <!-- licences -->   made from the sources
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { licenceTable } from '../../scripts/licences.mjs';
import { errorCodes } from './error-codes.mjs';
import { kernelTable } from './kernel-table.mjs';
import { readmes, root } from './places.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');

/** The first table behind a mark. */
function tableBehind(text, mark) {
  const at = text.indexOf(mark);
  if (at < 0) return undefined;
  return /^(?:\|[^\n]*\n)+/m.exec(text.slice(at))?.[0].trimEnd();
}

function optionsTable(mark) {
  for (const path of readmes()) {
    const table = tableBehind(read(path), mark);
    if (table !== undefined) return table;
  }
  return undefined;
}

/** Blocks of the benchmark's README whose name is the one given, or begins as it does where it ends with a star. */
function blocks(name) {
  const all = [
    ...read('apps/benchmark/README.md').matchAll(/<!-- results:([\w-]+) -->\n([\s\S]*?)<!-- \/results -->/g),
  ];
  return all
    .filter(([, each]) => (name.endsWith('*') ? each.startsWith(name.slice(0, -1)) : each === name))
    .map(([, , block]) => block.trim());
}

/** Those rows of a block whose first cell matches; undefined where none does. */
function someRows(block, rows) {
  const wanted = new RegExp(rows, 'i');
  let kept = 0;
  const lines = block.split('\n').filter((line, k, all) => {
    if (!line.startsWith('|')) return true;
    // The heading of a table and the line below it stay.
    if (!all[k - 1]?.startsWith('|') || /^\|[\s:|-]+$/.test(line)) return true;
    const keep = wanted.test(line.split('|')[1] ?? '');
    if (keep) kept++;
    return keep;
  });
  return kept === 0 ? undefined : lines.join('\n');
}

/** Tables of the benchmark, or some of their rows. */
function results(name, rows) {
  const found = blocks(name).map((block) => (rows === undefined ? block : someRows(block, rows)));
  if (found.length === 0 && name.endsWith('*')) return 'No table of it is committed yet.';
  return found.length === 0 || found.includes(undefined) ? undefined : found.join('\n\n');
}

const MAKERS = [
  [/<!-- options of [^>]+ -->/g, ([mark]) => optionsTable(mark)],
  [/<!-- results:([\w-]+\*?)(?: rows="([^"]+)")? -->/g, ([, name, rows]) => results(name, rows)],
  [/<!-- methods -->/g, ([mark]) => tableBehind(read('packages/engine/README.md'), mark)],
  [/<!-- packages -->/g, () => tableBehind(read('README.md').replaceAll('](', '](../'), '## Packages')],
  [/<!-- sizes -->/g, ([mark]) => tableBehind(read('README.md'), mark)],
  [/<!-- error codes -->/g, errorCodes],
  [/<!-- kernels -->/g, kernelTable],
  [/<!-- licences -->/g, licenceTable],
];

/** A page with every table that it names. Those of a README stand in it already. */
export function withTables(text, source, faults) {
  if (!source.startsWith('docs/')) return text;
  return MAKERS.reduce(
    (page, [mark, make]) =>
      page.replace(mark, (...found) => {
        const table = make(found);
        if (table === undefined) faults.push(`${source}: there is no table for ${found[0]}`);
        return table ?? '';
      }),
    text,
  );
}
