import type { KnowledgeStore } from '@palate/core';
import { openKnowledgeStore } from '@palate/knowledge-augment';

/** Opens the store for a while; without one there is nothing in it. */
export async function withStore<T>(folder: string, use: (store: KnowledgeStore) => Promise<T>): Promise<T> {
  const store = openKnowledgeStore(folder);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
