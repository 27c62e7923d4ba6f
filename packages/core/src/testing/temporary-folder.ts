import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Calls with a new folder, and removes it afterwards. */
export async function inTemporaryFolder(use: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'palate-conformance-'));
  try {
    await use(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
