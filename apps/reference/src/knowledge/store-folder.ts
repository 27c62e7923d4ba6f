import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type KnowledgeStore, userCacheFolder } from '@palate/core';
import { isDatasetFolder } from '@palate/datasets';
import { openKnowledgeStore } from '@palate/knowledge-augment';

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

/** Opens the store for a while; without one there is nothing in it. */
export async function withStore<T>(folder: string, use: (store: KnowledgeStore) => Promise<T>): Promise<T> {
  const store = openKnowledgeStore(folder);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
