import {
  loadItemKnowledge,
  loadTags,
  loadUserKnowledge,
  userProvenance,
} from '@palate/dataset-movietweetings';
import type { ItemKnowledge } from '@palate/engine';

/** Loads the recorded knowledge of the bundled films and their users. */
export async function filmKnowledge(): Promise<ItemKnowledge> {
  const [texts, tags, users] = await Promise.all([loadItemKnowledge(), loadTags(), loadUserKnowledge()]);
  const textOf = new Map(texts.map(({ item, text }) => [item, text]));
  const tagsOf = new Map(tags.map((each) => [each.item, each.tags]));
  return {
    items: new Map(
      [...new Set([...textOf.keys(), ...tagsOf.keys()])].map((id) => [
        id,
        { text: textOf.get(id), tags: tagsOf.get(id) },
      ]),
    ),
    source: 'texts and tags of a language model, recorded with the data set',
    profiles: new Map(users.map(({ user, keywords }) => [user, keywords])),
    profileProvenance: userProvenance(users),
    profileSource: 'recorded with the data set, written by a language model from the early history',
  };
}
