import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

const TESTS = `import { describe, expect, test } from 'vitest';
test('passes', () => {});
test.each([1, 2])('fails as %i', () => expect('a').toBe('b'));
describe('a group', () => {
  test('says much', () => { throw new RangeError('one\\ntwo'); });
});
test('leaves something behind', async () => {
  setTimeout(() => { throw new TypeError('nobody caught it'); });
  await new Promise((resolve) => setTimeout(resolve, 20));
});
`;

test('what failed in a run of vitest is told by name, with the first lines of its error', async () => {
  await mkdir(join(root, '.scratch'), { recursive: true });
  // Inside of the checkout, so that vitest is found.
  const folder = await mkdtemp(join(root, '.scratch', 'failed-tests-'));
  try {
    await writeFile(
      join(folder, 'vitest.config.mjs'),
      `export default { test: { projects: [{ test: { name: 'own', include: ['*.test.js'] } }] } };`,
    );
    await writeFile(join(folder, 'a.test.js'), TESTS);
    await writeFile(join(folder, 'b.test.js'), `import './missing.js';`);
    const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder];
    const ended = await run(process.execPath, vitest, {
      env: { ...process.env, FORCE_COLOR: '1' },
    }).catch((error: { stdout: string; stderr: string }) => error);
    const log = join(folder, 'log');
    const tell = async (text: string): Promise<string[]> => {
      await writeFile(log, text);
      const { stdout } = await run(process.execPath, [join(root, 'scripts/failed-tests.mjs'), log]);
      return stdout.trimEnd().split('\n');
    };
    const told = await tell(`${ended.stderr}${ended.stdout}`);
    expect(told[0]).toEqual(expect.stringMatching(/^FAIL .?own.? b\.test\.js \[ b\.test\.js \]$/));
    expect(told[1]).toMatch(/^ {6}Error: Cannot find module '.\/missing.js'/);
    const names = told.filter((line) => line.startsWith('FAIL')).slice(1);
    expect(names).toEqual(
      ['fails as 1', 'fails as 2', 'a group > says much'].map((name) =>
        expect.stringMatching(`^FAIL .?own.? a.test.js > ${name}$`),
      ),
    );
    expect(told.join('\n')).toContain("fails as 2\n      AssertionError: expected 'a' to be 'b'");
    expect(told.join('\n')).toContain('says much\n      RangeError: one\n      two');
    expect(told.slice(-2)).toEqual([
      expect.stringContaining('Uncaught Exception'),
      '      TypeError: nobody caught it',
    ]);
    // Of a run that was ended before its summary, the names alone are known.
    const marked = await tell(ended.stdout.split('\n').slice(0, 12).join('\n'));
    expect(marked).toContain('FAIL a.test.js > says much');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
