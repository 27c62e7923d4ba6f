import type { KnowledgeEntry } from '@palate/core';

/** A text about an item. */
export const entry = (entity: string, more: Partial<KnowledgeEntry> = {}): KnowledgeEntry => ({
  entityType: 'item',
  entity,
  kind: 'infer',
  promptVersion: '1',
  model: 'm',
  text: `text of ${entity}`,
  createdAt: 1,
  ...more,
});
