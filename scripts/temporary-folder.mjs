import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the folder of the run that goes on: each project of it asks for one. */
const FOLDER = 'PALATE_TESTS_FOLDER';

/** Gives a test run a folder for its temporary files, so that none is left when it ends. */
export default function setup() {
  if (process.env[FOLDER] !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'palate-tests-'));
  process.env.TMPDIR = folder;
  process.env[FOLDER] = folder;
  return () => {
    delete process.env[FOLDER];
    rmSync(folder, { recursive: true, force: true });
  };
}
