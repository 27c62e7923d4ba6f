// Compares the pages of docs/ with the scripts that they follow. A page names its script in a comment,
// `<!-- output: VARIABLE=value path/of/script.ts -->`; each of its ```text blocks must be a run of lines of what the script
// prints, in the same order. Times are left out (`… ms`), and either build of ONNX Runtime will do.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './workspace.mjs';

const MARK = /^<!-- output: (.+) -->$/m;
const work = mkdtempSync(join(tmpdir(), 'palate-pages-'));

const comparable = (text) => text.replace(/\d+\.\d ms/g, '… ms').replaceAll('(wasm,', '(native,');

/** Output of a script, of both streams, in the order of writing. */
function outputOf(words) {
  const path = join(work, 'output.txt');
  const file = openSync(path, 'w');
  const settings = words.slice(0, -1).map((word) => word.split('='));
  const { PALATE_DEBUG: _, ...env } = process.env;
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=palate-source', words.at(-1)],
    {
      cwd: root,
      env: { ...env, NODE_NO_WARNINGS: '1', ...Object.fromEntries(settings) },
      stdio: ['ignore', file, file],
    },
  );
  closeSync(file);
  const text = comparable(readFileSync(path, 'utf8'));
  if (status !== 0) throw new Error(`${words.at(-1)} ended with status ${status}:\n${text}`);
  return text;
}

let compared = 0;
const faults = [];
for (const name of readdirSync(join(root, 'docs')).filter((each) => each.endsWith('.md'))) {
  const page = readFileSync(join(root, 'docs', name), 'utf8');
  const [, command] = MARK.exec(page) ?? [];
  if (command === undefined) continue;
  const output = `\n${outputOf(command.split(' '))}`;
  const blocks = [...page.matchAll(/^```text\n([\s\S]*?)^```/gm)].map(([, block]) => comparable(block));
  if (blocks.length === 0) faults.push(`docs/${name}: shows nothing of what its script prints`);
  let from = 0;
  for (const block of blocks) {
    const at = output.indexOf(`\n${block}`, from);
    if (at < 0) {
      faults.push(
        `docs/${name}: its script does not print, at this point,\n${block}\nIt prints:\n${output.slice(from)}`,
      );
      break;
    }
    // The line break that ends a block also begins the next one.
    from = at + block.length;
    compared++;
  }
}
rmSync(work, { recursive: true });
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(`page outputs: ${compared} blocks are as printed, ${faults.length} faults\n`);
process.exit(faults.length === 0 ? 0 : 1);
