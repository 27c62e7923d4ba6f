import {
  Catalog,
  createDataset,
  IdMap,
  InteractionLog,
  type LongCallOptions,
  type Query,
  type Retriever,
} from '@palate/core';
import { Bm25Retriever } from '@palate/retrievers';
import type { NearColdStartUser, PreferenceInput } from './preferences.js';
import { checkStudyUnseen } from './study-interactions.js';

/** Options of {@link rankByRetriever}. */
export interface RankByRetrieverOptions extends LongCallOptions {
  /**
   * Interactions that the retriever was fitted on, without the users of the study: vectors made from it are admitted.
   */
  readonly train?: InteractionLog | undefined;
}

/**
 * Scores pools by a retriever: liked items are the history of a user that it never saw, words are the query's text.
 * Dislikes are not used.
 *
 * @returns for each user one score an item of the pool, higher is better
 * @throws LeakError for a retriever whose texts or vectors know a rating of a pool, or do not say what they know
 */
export async function rankByRetriever(
  retriever: Retriever,
  users: readonly NearColdStartUser[],
  input: PreferenceInput,
  options: RankByRetrieverOptions = {},
): Promise<number[][]> {
  const { train, ...call } = options;
  checkStudyUnseen(
    `what ${retriever.name} was built with`,
    retriever.provenance,
    users,
    retriever.items,
    train,
  );
  const queries: Query[] = users.map(({ preferences, pool }) => ({
    ...(input === 'language' ? {} : { history: preferences.likedItems }),
    ...(input === 'items' ? {} : { text: preferences.likes }),
    candidates: pool.map(({ item }) => item),
  }));
  const longest = Math.max(1, ...users.map(({ pool }) => pool.length));
  const lists = await retriever.retrieve(queries, longest, { ...call, includeHistory: true });
  return users.map(({ pool }, u) => {
    const scores = new Map(lists[u]?.map(({ item, score }) => [item, score]));
    return pool.map(({ item }) => scores.get(item) ?? Number.NEGATIVE_INFINITY);
  });
}

/** Texts about items: reviews, plots, knowledge. */
export interface ItemText {
  readonly item: number;
  readonly text: string;
}

/**
 * BM25-Fusion for language: every text is scored by itself against what the user says, and an item gets the sum of its
 * best texts' scores (late fusion).
 *
 * @param texts - any number for each item; none by the users of the study
 * @param best - texts of an item that count. Default 3
 */
export async function bm25Fusion(
  texts: readonly ItemText[],
  users: readonly NearColdStartUser[],
  best = 3,
): Promise<number[][]> {
  const ids = new IdMap(texts.map((_, k) => `text-${k}`));
  const passages = createDataset({
    name: 'texts',
    log: new InteractionLog({
      users: new IdMap([], 'user'),
      items: ids,
      user: new Int32Array(0),
      item: new Int32Array(0),
      timestamp: new Float64Array(0),
    }),
    catalog: new Catalog({ items: ids, text: { text: texts.map(({ text }) => text) } }),
    licence: 'of the texts',
    source: 'the texts given',
  });
  const bm25 = await Bm25Retriever.fit(passages);
  const scores = await bm25.scoreAll(users.map(({ preferences }) => ({ text: preferences.likes })));
  const byItem = new Map<number, number[]>();
  for (const [k, { item }] of texts.entries()) byItem.set(item, [...(byItem.get(item) ?? []), k]);
  return users.map(({ pool }, u) =>
    pool.map(({ item }) =>
      (byItem.get(item) ?? [])
        .map((k) => scores[u * texts.length + k] as number)
        .sort((a, b) => b - a)
        .slice(0, best)
        .reduce((sum, score) => sum + score, 0),
    ),
  );
}
