import {
  type Dataset,
  joinProvenance,
  type KnowledgeEntry,
  type KnowledgeStore,
  provenanceOf,
} from '@palate/core';
import type { ItemKnowledge } from '@palate/engine';

/** Kinds whose text describes an item, the most telling first. */
const DESCRIBING = ['infer', 'facts', 'paraphrase', 'engagement'];

/**
 * What a store knows of a data set, as the engine takes it: of each item the fullest text and its tags, of each user the
 * keywords. Texts of several models are not mixed up: the newest of each kind counts.
 */
export async function knownTexts(
  store: KnowledgeStore,
  { log }: Dataset,
): Promise<ItemKnowledge | undefined> {
  const items = new Map<string, { text?: string; tags?: readonly string[] }>();
  const rank = new Map<string, number>();
  const profiles = new Map<string, readonly string[]>();
  const used = { item: [] as KnowledgeEntry[], user: [] as KnowledgeEntry[] };
  for await (const entry of store.list()) {
    const { entity, entityType, kind, text, facts } = entry;
    if (!(entityType === 'item' ? log.items : log.users).has(entity)) continue;
    const tags = Array.isArray(facts?.tags) ? (facts.tags as string[]) : undefined;
    if (entityType === 'user') {
      if (kind !== 'keywords' || !tags) continue;
      profiles.set(entity, tags);
      used.user.push(entry);
      continue;
    }
    const about = items.get(entity) ?? {};
    items.set(entity, about);
    const place = DESCRIBING.indexOf(kind);
    if (kind === 'tag' && tags) about.tags = tags;
    else if (place >= 0 && place <= (rank.get(entity) ?? DESCRIBING.length)) {
      about.text = text;
      rank.set(entity, place);
    } else continue;
    used.item.push(entry);
  }
  if (items.size === 0 && profiles.size === 0) return undefined;
  const writers = [...new Set([...used.item, ...used.user].map(({ model }) => model))].join(', ');
  return {
    ...(items.size > 0 ? { items, provenance: joinProvenance(used.item.map(provenanceOf)) } : {}),
    ...(profiles.size > 0
      ? {
          profiles,
          profileProvenance: joinProvenance(used.user.map(provenanceOf)),
          profileSource: `keywords that ${writers} wrote from the history`,
        }
      : {}),
  };
}
