// Tells from vitest's output which tests failed, each with the first lines of its error: `node scripts/failed-tests.mjs LOG`.
import { readFileSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { stripVTControlCharacters } from 'node:util';

/** Lines of an error that are printed. */
const MOST_LINES = 4;

/**
 * Names of failed tests and their errors, as lines.
 *
 * @param log - what `vitest run` wrote, also where it was ended before its summary
 */
export function failedTests(log) {
  const lines = stripVTControlCharacters(log).split('\n');
  const told = lines.flatMap((line, at) => {
    const isName = NAME.test(line);
    // Several tests with the same error have it once, below the last of them.
    if (isName && NAME.test(lines[at + 1] ?? '')) return [plain(line)];
    if (isName || /^⎯+ (Unhandled Rejection|Unhandled Error|Uncaught Exception) ⎯+$/.test(line))
      return [plain(line), ...errorAfter(lines, at)];
    return [];
  });
  return told.length > 0 ? told : marked(lines);
}

const NAME = /^ *FAIL +\S/;
const plain = (line) => line.trim().replaceAll(/\s+/g, ' ');

/** First lines of the error that follows a line: it ends where its stack begins. */
function errorAfter(lines, at) {
  const rest = lines.slice(at + 1, at + 1 + 2 * MOST_LINES).filter((line, k) => k > 0 || line.trim() !== '');
  const end = rest.findIndex((line) => line.trim() === '' || /^ *(❯|at |⎯)/.test(line));
  return rest
    .slice(0, end < 0 ? MOST_LINES : Math.min(end, MOST_LINES))
    .map((line) => `      ${line.trim()}`);
}

/** Tests that are marked as failed in the course of a run. */
function marked(lines) {
  let file = '';
  return lines.flatMap((line) => {
    // The name of a project may stand before the file.
    file = /^ *[❯✓] .*?(\S+\.test\.\w+) \(/.exec(line)?.[1] ?? file;
    const name = /^ *× (.*?)(?: \d+ms)?$/.exec(line)?.[1];
    return name === undefined ? [] : [`FAIL ${file} > ${name}`];
  });
}

if (argv[2] !== undefined && import.meta.filename === argv[1])
  for (const line of failedTests(readFileSync(argv[2], 'utf8'))) stdout.write(`${line}\n`);
