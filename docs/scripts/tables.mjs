// Puts the tables into the pages that name them, out of where each is kept true:
//
//   <!-- options of Ease.fit -->            options, from the READMEs of the packages (held to the declarations by `pnpm tables`)
//   <!-- methods -->                        the registry, from the README of the engine
//   <!-- results:palr -->                   a table of the benchmark, from its README; with rows="…", the rows whose first
//                                           cell that expression matches
//   <!-- packages -->, <!-- sizes -->       tables of the root README
//   <!-- error codes -->, <!-- kernels -->, <!-- licences -->   made from the sources
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { licenceTable } from '../../scripts/licences.mjs';
import { errorCodes } from './error-codes.mjs';
import { kernelTable } from './kernel-table.mjs';
import { root } from './places.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');
const readmes = () =>
  readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}/README.md`)
    .filter((path) => existsSync(join(root, path)));

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

/** A block of the benchmark's README, or some of its rows. */
function results(name, rows) {
  const [, block] =
    new RegExp(`<!-- results:${name} -->\n([\\s\\S]*?)<!-- /results -->`).exec(
      read('apps/benchmark/README.md'),
    ) ?? [];
  if (block === undefined || rows === undefined) return block?.trim();
  const wanted = new RegExp(rows, 'i');
  let kept = 0;
  const lines = block
    .trim()
    .split('\n')
    .filter((line, k, all) => {
      if (!line.startsWith('|')) return true;
      // The heading of a table and the line below it stay.
      if (!all[k - 1]?.startsWith('|') || /^\|[\s:|-]+$/.test(line)) return true;
      const keep = wanted.test(line.split('|')[1] ?? '');
      if (keep) kept++;
      return keep;
    });
  return kept === 0 ? undefined : lines.join('\n');
}

const MAKERS = [
  [/<!-- options of [^>]+ -->/g, ([mark]) => optionsTable(mark)],
  [/<!-- results:([\w-]+)(?: rows="([^"]+)")? -->/g, ([, name, rows]) => results(name, rows)],
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
