import { type LongCallOptions, type Retriever, withLog } from '@palate/core';
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
  rankByRetriever,
  type StudyResult,
  withoutStudyUsers,
} from '@palate/llm-rank';
import {
  BprMf,
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

/** Near-cold-start recommendation from five films or from words, by the paper's baselines. */
export const nearColdStart: Study = {
  name: 'near-cold-start',
  title:
    'Near cold start on MovieTweetings: five liked films, or words, against later ratings (a proxy study)',
  protocol:
    'A proxy made from real histories, no user study: of 500 users the last five liked films of the early history and the recorded keywords of it are what is told, and 10 to 40 films rated later are the pool (chosen by the users themselves, so that most are liked). Baselines are fitted on everyone else and fold the five films in; gain 2^(rating - 6) from a rating of 7; 95 % interval over users. Prompted language models need a live model and are not in this table.',
  run: async (context) => {
    const dataset = await loadBundledMovieTweetings({ core: 5 });
    const knowledge = await loadUserKnowledge();
    const study = proxyStudy(
      dataset.log,
      knowledge.map(({ user, n, keywords, avoid }) => ({
        user,
        n,
        likes: keywords.join(', '),
        dislikes: avoid.join(', '),
      })),
      { liked: 8, users: 500 },
    );
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
      (make: (call: LongCallOptions) => Promise<Retriever>, input: PreferenceInput) =>
      async (users: readonly NearColdStartUser[], call: LongCallOptions) =>
        rankByRetriever(await make(call), users, input, { train: rest.log });
    const text = (call: LongCallOptions) => TextRetriever.fit(rest, { ...call, encoder, vectors });
    const methods: readonly [
      string,
      string,
      (users: readonly NearColdStartUser[], call: LongCallOptions) => Promise<number[][]>,
    ][] = [
      ['Random', '', by(() => RandomRetriever.fit(rest), 'items')],
      ['Popularity', '', by(() => PopularityRetriever.fit(rest), 'items')],
      ['EASE', 'items', by((call) => Ease.fit(rest, { ...call, lambda: 500 }), 'items')],
      ['WR-MF (iALS)', 'items', by((call) => ImplicitAls.fit(rest, call), 'items')],
      ['BPR-MF', 'items', by((call) => BprMf.fit(rest, call), 'items')],
      ['ItemKNN', 'items', by((call) => ItemKnn.fit(rest, call), 'items')],
      ['UserKNN', 'items', by((call) => UserKnn.fit(rest, call), 'items')],
      ['use-lite', 'items', by(text, 'items')],
      ['BM25-Fusion', 'language', (users) => bm25Fusion(texts, users)],
      ['use-lite', 'language', by(text, 'language')],
      ['use-lite', 'items and language', by(text, 'items+language')],
    ];
    const rows: string[][] = [];
    for (const [name, input, rank] of methods) {
      const result = await context.cell(`${name} ${input}`, [name, input, study.length, 2], async (call) =>
        evaluateStudy(name, study, await rank(study, call), gainAbove(6)),
      );
      const { ndcg, low, high } = result as StudyResult;
      rows.push([name, input, `${ndcg.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`]);
    }
    return { columns: [`method (${study.length} users)`, 'told', 'NDCG@10'], rows };
  },
};
