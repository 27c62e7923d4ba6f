import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KnowledgeFailure } from '@palate/knowledge-augment';
import { FAILURES } from './store-folder.js';

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

/** Failures by cause, the most frequent first, each with what was said of one. */
export function causesOf(failed: readonly Pick<KnowledgeFailure, 'code' | 'message'>[]) {
  const causes = new Map<string, { code: string; count: number; example: string }>();
  for (const { code, message } of failed) {
    const cause = causes.get(code) ?? { code, count: 0, example: message };
    cause.count++;
    causes.set(code, cause);
  }
  return [...causes.values()].sort((a, b) => b.count - a.count);
}
