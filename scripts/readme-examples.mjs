// Type-checks every ```ts block of every README and of the pages of docs/, and runs those of the root README and of the pages,
// but for those behind a mark `<!-- not run: reason -->` (those of the packages are run by check-packages.mjs, from packed
// tarballs).
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { exampleFolder, examplesIn } from './example-folder.mjs';
import { apps, filesBelow, packages, root } from './workspace.mjs';

const folder = exampleFolder('readme-examples');
const docs = join(root, 'docs');
const readmes = [root, ...packages().map(({ dir }) => dir), ...apps().map(({ dir }) => dir)]
  .map((dir) => join(dir, 'README.md'))
  .filter((path) => existsSync(path))
  // Built pages are in folders that begin with a dot.
  .concat(filesBelow(docs, ['.md']).filter((path) => !relative(docs, path).startsWith('.')));

const files = [];
for (const readme of readmes) {
  const isPage = readme.startsWith(docs);
  for (const [k, { code, isRun }] of examplesIn(readFileSync(readme, 'utf8')).entries()) {
    const label =
      relative(root, isPage ? readme.slice(0, -3) : dirname(readme)).replaceAll('/', '-') || 'root';
    const file = `${label}-${k + 1}.ts`;
    folder.write(file, code);
    // Those of the packages are run where the packages are installed.
    files.push({ file, runs: isRun && (isPage || label === 'root') });
  }
}

let failed = folder.typesHold() ? 0 : 1;
let ran = 0;
for (const { file, runs } of files) {
  if (!runs) continue;
  ran++;
  // In the folder of the examples, which is removed with what they write.
  if (folder.start(file, { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder.work })) continue;
  process.stdout.write(`${relative(root, join(folder.work, file))} failed\n`);
  failed++;
}
process.stdout.write(`README examples: ${files.length} type-checked, ${ran} run, ${failed} failed\n`);
if (failed === 0) folder.remove();
process.exit(failed === 0 ? 0 : 1);
