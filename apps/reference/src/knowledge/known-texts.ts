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
 * Texts of a store about a data set, as the engine takes them: of each item the fullest text and its tags, of each user the
 * keywords. Texts of several models are not mixed up: the newest of each kind counts.
 */
export async function knownTexts(
  store: KnowledgeStore,
  { log }: Dataset,
): Promise<ItemKnowledge | undefined> {
  const texts = new Map<string, KnowledgeEntry>();
  const tagged = new Map<string, KnowledgeEntry>();
  const users = new Map<string, KnowledgeEntry>();
  for await (const entry of store.list()) {
    const { entity, entityType, kind } = entry;
    if (!(entityType === 'item' ? log.items : log.users).has(entity)) continue;
    if (entityType === 'user') {
      if (kind === 'keywords' && tagsOf(entry)) users.set(entity, entry);
    } else if (kind === 'tag') {
      if (tagsOf(entry)) tagged.set(entity, entry);
    } else if (DESCRIBING.includes(kind) && placeOf(kind) <= placeOf(texts.get(entity)?.kind))
      texts.set(entity, entry);
  }
  const about = [...texts.values(), ...tagged.values()];
  if (about.length === 0 && users.size === 0) return undefined;
  const kinds = [...new Set(about.map(({ kind }) => kind))].sort();
  return {
    ...(about.length > 0
      ? {
          items: new Map(
            about.map(({ entity }) => [
              entity,
              { text: texts.get(entity)?.text, tags: tagsOf(tagged.get(entity)) },
            ]),
          ),
          provenance: joinProvenance(about.map(provenanceOf)),
          source: `${kinds.join(' and ')} of ${new Set(about.map(({ entity }) => entity)).size} items by ${writersOf(about)}`,
        }
      : {}),
    ...(users.size > 0
      ? {
          profiles: new Map([...users].map(([user, entry]) => [user, tagsOf(entry) ?? []])),
          profileProvenance: joinProvenance([...users.values()].map(provenanceOf)),
          profileSource: `keywords that ${writersOf([...users.values()])} wrote from the history`,
        }
      : {}),
  };
}

const tagsOf = (entry: KnowledgeEntry | undefined): string[] | undefined =>
  Array.isArray(entry?.facts?.tags) ? (entry.facts.tags as string[]) : undefined;

/** Place of a kind among those that describe an item; behind all where there is none yet. */
const placeOf = (kind: string | undefined): number =>
  kind === undefined ? DESCRIBING.length : DESCRIBING.indexOf(kind);

const writersOf = (entries: readonly KnowledgeEntry[]): string =>
  [...new Set(entries.map(({ model }) => model))].join(', ');
