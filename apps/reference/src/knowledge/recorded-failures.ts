import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KnowledgeFailure } from '@palate/knowledge-augment';

/** Name of the ledger of failures in the folder of a store. */
export const FAILURES = 'failures.jsonl';

/** Failures of all runs, as far as the ledger can be read. */
export async function recordedFailures(
  folder: string,
): Promise<Pick<KnowledgeFailure, 'code' | 'message' | 'at'>[]> {
  const text = await readFile(join(folder, FAILURES), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as KnowledgeFailure];
    } catch {
      // A line that a killed process wrote may be cut.
      return [];
    }
  });
}
