import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { userCacheFolder } from '@palate/core';
import { isDatasetFolder } from '@palate/datasets';

/** Name of the record of the newest run in the folder of a store. */
export const RUN = 'run.json';
/** Name of the ledger of what the texts have cost. */
export const SPENDING = 'spending.jsonl';
/** Name of the ledger of failures. */
export const FAILURES = 'failures.jsonl';

/**
 * Where the texts about a data set are kept: beside its folder, as `FOLDER.knowledge`; of a named data set among the user's
 * files.
 */
export async function knowledgeFolder(data: string, given?: string): Promise<string> {
  if (given !== undefined) return given;
  return (await isDatasetFolder(data))
    ? `${data.replace(/[/\\]+$/, '')}.knowledge`
    : join(userCacheFolder(), 'knowledge', data);
}

/** Whether there is a store. */
export async function hasKnowledge(folder: string): Promise<boolean> {
  return stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}
