import { type Dataset, type LongCallOptions, type Retriever, withLog } from '@palate/core';
import {
  loadBundledMovieTweetings,
  loadItemKnowledge,
  loadUserKnowledge,
} from '@palate/dataset-movietweetings';
import {
  bm25Fusion,
  evaluateStudy,
  gainAbove,
  type ItemText,
  type NearColdStartUser,
  type PreferenceInput,
  proxyStudy,
  rankByMeanRating,
  rankByRetriever,
  type StudyResult,
  withoutStudyUsers,
} from '@palate/llm-rank';
import {
  BprMf,
  BprSlim,
  Ease,
  ImplicitAls,
  ItemKnn,
  PopularityRetriever,
  RandomRetriever,
  TextRetriever,
  UserKnn,
} from '@palate/retrievers';
import { benchmarkEncoder, itemVectors } from '../item-texts.js';
import type { Study } from './study.js';

/** Rating from which a later film gains: 2^(rating - 6), 1 for a 6. */
export const GAIN_THRESHOLD = 6;

/** A way to score the pools of a study. */
export interface StudyMethod {
  readonly name: string;
  /** Part of the preferences that it is given. */
  readonly told: string;
  readonly rank: (users: readonly NearColdStartUser[], call: LongCallOptions) => Promise<number[][]>;
}

/** The proxy study of the bundled data: 500 users. */
export async function bundledStudy(dataset: Dataset): Promise<NearColdStartUser[]> {
  const knowledge = await loadUserKnowledge();
  return proxyStudy(
    dataset.log,
    knowledge.map(({ user, n, keywords, avoid }) => ({
      user,
      n,
      likes: keywords.join(', '),
      dislikes: avoid.join(', '),
    })),
    { liked: 8, users: 500 },
  );
}

/** Every baseline, fitted on the users who are not in the study. */
export async function studyMethods(
  dataset: Dataset,
  study: readonly NearColdStartUser[],
): Promise<readonly StudyMethod[]> {
  const rest = withLog(dataset, withoutStudyUsers(dataset.log, study));
  const texts: ItemText[] = (await loadItemKnowledge()).flatMap(({ item, text }) => {
    const index = dataset.log.items.find(item);
    return index === undefined
      ? []
      : [{ item: index, text: `${dataset.catalog.itemText(index, ['title', 'genres'])}. ${text}` }];
  });
  const encoder = await benchmarkEncoder();
  const vectors = await itemVectors(dataset, ['catalogue', 'knowledge']);
  const by =
    (make: (call: LongCallOptions) => Promise<Retriever>, input: PreferenceInput): StudyMethod['rank'] =>
    async (users, call) =>
      rankByRetriever(await make(call), users, input, { train: rest.log });
  const text = (call: LongCallOptions) => TextRetriever.fit(rest, { ...call, encoder, vectors });
  return [
    { name: 'Random', told: '', rank: by(() => RandomRetriever.fit(rest), 'items') },
    { name: 'Popularity', told: '', rank: by(() => PopularityRetriever.fit(rest), 'items') },
    { name: 'Mean rating by others', told: '', rank: async (users) => rankByMeanRating(rest.log, users) },
    { name: 'EASE', told: 'items', rank: by((call) => Ease.fit(rest, { ...call, lambda: 500 }), 'items') },
    { name: 'WR-MF (iALS)', told: 'items', rank: by((call) => ImplicitAls.fit(rest, call), 'items') },
    { name: 'BPR-MF', told: 'items', rank: by((call) => BprMf.fit(rest, call), 'items') },
    { name: 'BPR-SLIM', told: 'items', rank: by((call) => BprSlim.fit(rest, call), 'items') },
    { name: 'ItemKNN', told: 'items', rank: by((call) => ItemKnn.fit(rest, call), 'items') },
    { name: 'UserKNN', told: 'items', rank: by((call) => UserKnn.fit(rest, call), 'items') },
    { name: 'use-lite', told: 'items', rank: by(text, 'items') },
    { name: 'BM25-Fusion', told: 'language', rank: (users) => bm25Fusion(texts, users) },
    { name: 'use-lite', told: 'language', rank: by(text, 'language') },
    { name: 'use-lite', told: 'items and language', rank: by(text, 'items+language') },
  ];
}

/** Near-cold-start recommendation from five films or from words, by the paper's baselines. */
export const nearColdStart: Study = {
  name: 'near-cold-start',
  title:
    'Near cold start on MovieTweetings: five liked films, or words, against later ratings (a proxy study)',
  protocol:
    'A proxy made from real histories, no user study: of 500 users the last five liked films of the early history and the recorded keywords of it are what is told, and 10 to 40 films rated later are the pool (chosen by the users themselves, so that most are liked). Baselines are fitted on everyone else and fold the five films in; the mean rating by others is shrunk by ten ratings at the overall mean and knows nothing of the user; gain 2^(rating - 6) from a rating of 6; 95 % interval over users. A large language model on 200 of these users: study near-cold-start-answers.',
  run: async (context) => {
    const dataset = await loadBundledMovieTweetings({ core: 5 });
    const study = await bundledStudy(dataset);
    const rows: string[][] = [];
    for (const { name, told, rank } of await studyMethods(dataset, study)) {
      const result = await context.cell(
        `${name} ${told}`,
        [name, told, study.length, 2],
        async (call): Promise<Omit<StudyResult, 'values'>> => {
          const { values: _, ...rest } = evaluateStudy(
            name,
            study,
            await rank(study, call),
            gainAbove(GAIN_THRESHOLD),
          );
          return rest;
        },
      );
      const { ndcg, low, high } = result;
      rows.push([name, told, `${ndcg.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`]);
    }
    return { columns: [`method (${study.length} users)`, 'told', 'NDCG@10'], rows };
  },
};
