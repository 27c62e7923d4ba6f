import type { Dataset, Provenance } from '@palate/core';
import {
  loadItemKnowledge,
  loadTags,
  loadUserKnowledge,
  userProvenance,
} from '@palate/dataset-movietweetings';

/** Texts about films and users of the bundled data. */
export interface FilmKnowledge {
  /** Knowledge of each film by dense index; undefined where there is none. */
  readonly text: readonly (string | undefined)[];
  readonly tags: readonly (readonly string[])[];
  /** Keywords of a user's early history, by external id. */
  readonly profiles: ReadonlyMap<string, readonly string[]>;
  /** Interactions of each user that their writer saw. */
  readonly profileProvenance: Provenance;
}

/** Loads the recorded knowledge in the order of a data set. */
export async function filmKnowledge({ log }: Dataset): Promise<FilmKnowledge> {
  const [texts, tags, users] = await Promise.all([loadItemKnowledge(), loadTags(), loadUserKnowledge()]);
  const textOf = new Map(texts.map(({ item, text }) => [item, text]));
  const tagsOf = new Map(tags.map((each) => [each.item, each.tags]));
  return {
    text: Array.from(log.items, (id) => textOf.get(id)),
    tags: Array.from(log.items, (id) => tagsOf.get(id) ?? []),
    profiles: new Map(users.map(({ user, keywords }) => [user, keywords])),
    profileProvenance: userProvenance(users),
  };
}
