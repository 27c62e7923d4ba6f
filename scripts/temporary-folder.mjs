import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives a test run a folder for its temporary files, so that none is left when it ends. */
export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'palate-tests-'));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
