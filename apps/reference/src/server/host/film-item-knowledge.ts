import type { Dataset } from '@palate/core';
import type { ItemKnowledge } from '@palate/engine';
import { filmKnowledge } from '../../assistant/film-knowledge.js';

/** What is recorded of the bundled films and their users, as an engine takes it. */
export async function filmItemKnowledge(dataset: Dataset): Promise<ItemKnowledge> {
  const { text, tags, profiles, profileProvenance } = await filmKnowledge(dataset);
  return {
    items: new Map(
      Array.from(
        dataset.log.items,
        (id, item) => [id, { text: text[item], tags: tags[item] ?? [] }] as const,
      ),
    ),
    profiles,
    profileProvenance,
    profileSource: 'recorded with the data set, written by a language model from the early history',
  };
}
