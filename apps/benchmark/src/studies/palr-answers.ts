import { type Dataset, type LongCallOptions, type Query, type ScoredItem, withLog } from '@palate/core';
import {
  ANSWERS_CAVEAT,
  loadBundledMovieTweetings,
  loadRankings,
  type RecordedRanking,
  rankingProvenance,
} from '@palate/dataset-movietweetings';
import { leaveOneOut, type Split } from '@palate/datasets';
import { distilRanker } from '@palate/engine';
import { normalisedGain } from '@palate/eval';
import { LlmRanker, type LocalRanker } from '@palate/llm-rank';
import { fuseLists } from '@palate/retrievers';
import { CACHE } from '../item-texts.js';
import { benchmarkContext } from '../method-context.js';
import { benchmarkSasRec, fitLocalRanker } from '../text-systems.js';
import { answersInOrder, RECORDED } from './answers-in-order.js';
import { meanCell, pairedDifference } from './paired.js';
import { meanOf, type Study, type StudyContext } from './study.js';

const SEEDS = [0, 1, 2] as const;

/** A user of the recorded rankings, in dense items. */
interface Asked {
  readonly user: string;
  /** Everything before the test film. */
  readonly history: Int32Array;
  readonly target: number;
  readonly retrieved: readonly number[];
}

/** Lists of ten, one a user. */
type Lists = readonly (readonly number[])[];

/** NDCG@10 and hit rate at ten of one right item in a list. */
export function valuesOf(list: readonly number[], target: number): { ndcg: number; hit: number } {
  const at = list.slice(0, 10).indexOf(target);
  const rank = at < 0 ? Number.POSITIVE_INFINITY : at + 1;
  return { ndcg: normalisedGain([rank], [1], 10), hit: at < 0 ? 0 : 1 };
}

/**
 * Recorded rankings as the product reads a model's answers: numbers of the candidates as they were shown, through the
 * prompt and the reader of `LlmRanker`.
 */
export async function recordedLists(
  split: Split,
  records: readonly RecordedRanking[],
  ranker: (answers: readonly string[]) => LlmRanker,
): Promise<{ readonly lists: Lists; readonly counts: LlmRanker['counts'] }> {
  const { items } = split.test;
  const shown = records.map((record) =>
    record.shown.map((id, at): ScoredItem => ({ item: items.indexOf(id), score: record.shown.length - at })),
  );
  const model = ranker(
    records.map((record) =>
      JSON.stringify({ ranking: record.ranking.map((id) => record.shown.indexOf(id) + 1) }),
    ),
  );
  const queries = records.map(
    ({ user, history }): Query => ({ user, history: history.map((id) => items.indexOf(id)) }),
  );
  const lists = await model.rank(queries, shown, 10);
  return { lists: lists.map((list) => list.map(({ item }) => item)), counts: model.counts };
}

/** Orders of the local ranker on the recorded candidates: with the retriever's order by the weight chosen, and alone. */
async function localLists(
  context: StudyContext,
  train: Parameters<typeof fitLocalRanker>[0],
  split: Split,
  asked: readonly Asked[],
  seed: number,
): Promise<{ readonly ordered: Lists; readonly alone: Lists } | undefined> {
  return context.optionalCell(`local ranker seed ${seed}`, ['local ranker', seed, 1200, 1], async (call) => {
    const { ranker } = await fitLocalRanker(
      train,
      { epochs: 12 },
      {
        ...call,
        seed,
        checkpoints: `${CACHE}/checkpoints/palr-answers-${seed}`,
        validation: split.validation,
      },
    );
    return tens(ranker, asked, call);
  });
}

/** Ten of the candidates of each user by a local ranker, with the retriever's order by its weight, and alone. */
async function tens(
  ranker: LocalRanker,
  asked: readonly Asked[],
  call: LongCallOptions,
): Promise<{ readonly ordered: Lists; readonly alone: Lists }> {
  const queries = asked.map(({ user, history }) => ({ user, history }));
  const candidates = asked.map(({ retrieved }) =>
    retrieved.map((item, at) => ({ item, score: retrieved.length - at })),
  );
  const ten = async (options: { readonly orderWeight?: number }): Promise<Lists> =>
    (await ranker.rank(queries, candidates, 10, { ...options, ...call })).map((list) =>
      list.map(({ item }) => item),
    );
  return { ordered: await ten({}), alone: await ten({ orderWeight: 0 }) };
}

/** Rankings that are learned from; the others judge. */
const TAUGHT = 800;

/** Orders of a local ranker that learned from the first rankings, for the users of the others. */
async function distilledLists(
  context: StudyContext,
  train: Dataset,
  records: readonly RecordedRanking[],
  asked: readonly Asked[],
  seed: number,
): Promise<{ readonly ordered: Lists; readonly alone: Lists; readonly orderWeight: number } | undefined> {
  return context.optionalCell(`distilled seed ${seed}`, ['distilled', seed, TAUGHT, 1], async (call) => {
    const { items } = train.log;
    const fitting = { ...call, seed, checkpoints: `${CACHE}/checkpoints/palr-distilled-${seed}` };
    const ranker = await distilRanker(
      train,
      records.slice(0, TAUGHT).map(({ user, history, retrieved, ranking }) => ({
        user,
        history: history.map((id) => items.indexOf(id)),
        candidates: retrieved.map((id) => items.indexOf(id)),
        ranking: ranking.map((id) => items.indexOf(id)),
      })),
      await benchmarkContext(train, fitting),
      {
        sequence: await benchmarkSasRec(train, fitting),
        rankingsProvenance: rankingProvenance(train.log),
        epochs: 4,
        ...call,
        seed,
      },
    );
    return { ...(await tens(ranker, asked.slice(TAUGHT), call)), orderWeight: ranker.orderWeight };
  });
}

/** PALR with a large language model on recorded answers, by kinds of users, beside the local ranker on the same rows. */
export const palrAnswers: Study = {
  name: 'palr-answers',
  title: 'PALR with a large language model on MovieTweetings: ten of SASRec’s fifty candidates, 1,200 users',
  protocol: `Test films of leave-one-out for 1,200 users drawn among those with at least eight interactions; candidates are the fifty best of a SASRec (cross-entropy, 40 epochs), shown in a random order. ${ANSWERS_CAVEAT} The model also saw ratings and recorded keywords beside the history that LlmRanker’s prompt shows; its answers went through LlmRanker and its reader, as numbers of the candidates shown. Differences are to the retriever’s order, paired by user, with 95 % intervals. Fused: reciprocal ranks. Distilled: a local ranker that learned from the first 800 of these rankings (\`distilRanker\`), judged on the other 400 users; the weight of the retriever’s order was chosen by agreement with the model on a tenth of the 800. A study run with \`--finished\` leaves out seeds of the local ranker that are not measured yet.`,
  run: async (context) => {
    const dataset = await loadBundledMovieTweetings({ core: 5 });
    const { log, catalog } = dataset;
    const split = leaveOneOut(log);
    const train = withLog(dataset, split.train);
    const records = await loadRankings();
    const asked = records.map(({ user, retrieved }): Asked => {
      const index = log.users.indexOf(user);
      return {
        user,
        history: split.known.history(index),
        target: split.test.history(index)[0] as number,
        retrieved: retrieved.map((id) => log.items.indexOf(id)),
      };
    });
    const { lists: model, counts } = await recordedLists(
      split,
      records,
      (answers) => new LlmRanker({ model: answersInOrder(answers), catalog, order: 'given' }),
    );
    const first = asked.map(({ retrieved }) => retrieved);
    const rows: string[][] = [];
    const everyone = asked.map((_, at) => at);
    const add = (name: string, lists: Lists, users: readonly number[] = everyone, against = first): void => {
      const of = (from: Lists, key: 'ndcg' | 'hit'): number[] =>
        users.map((at) => valuesOf(from[at] ?? [], (asked[at] as Asked).target)[key]);
      rows.push([
        name,
        String(users.length),
        meanCell(of(against, 'ndcg')),
        meanCell(of(lists, 'ndcg')),
        pairedDifference(of(lists, 'ndcg'), of(against, 'ndcg')),
        meanCell(of(against, 'hit')),
        meanCell(of(lists, 'hit')),
        pairedDifference(of(lists, 'hit'), of(against, 'hit')),
      ]);
    };
    const fused = (...parts: readonly Lists[]): Lists =>
      asked.map((_, at) =>
        fuseLists(parts.map((lists) => (lists[at] ?? []).map((item) => ({ item })))).map(({ item }) => item),
      );
    add(RECORDED, model);
    add(`${RECORDED}, fused with the retriever’s order`, fused(model, first));
    for (const seed of SEEDS) {
      const lists = await localLists(context, train, split, asked, seed);
      if (!lists) continue;
      const { ordered, alone } = lists;
      add(`local ranker alone, seed ${seed}`, alone);
      add(`local ranker with the retriever’s order, seed ${seed}`, ordered);
      add(`${RECORDED}, fused with the local ranker, seed ${seed}`, fused(model, ordered));
    }
    const others = everyone.slice(TAUGHT);
    add(`${RECORDED}: the ${others.length} users who judge the distillation`, model, others);
    for (const seed of SEEDS) {
      const lists = await distilledLists(context, train, records, asked, seed);
      if (!lists) continue;
      const { ordered, alone, orderWeight } = lists;
      const behind = (lists: Lists): Lists => [...first.slice(0, TAUGHT), ...lists];
      add(`distilled local ranker alone, seed ${seed}`, behind(alone), others);
      add(`distilled local ranker, order weight ${orderWeight}, seed ${seed}`, behind(ordered), others);
    }
    const slice = (name: string, of: (user: Asked) => boolean): void =>
      add(
        `${RECORDED}: ${name}`,
        model,
        everyone.filter((at) => of(asked[at] as Asked)),
      );
    const lengths = asked.map(({ history }) => history.length).sort((a, b) => a - b);
    const [short, long] = thirds(lengths);
    slice(`history of up to ${short} films`, ({ history }) => history.length <= short);
    slice(
      `history of ${short + 1} to ${long} films`,
      ({ history }) => history.length > short && history.length <= long,
    );
    slice(`history of more than ${long} films`, ({ history }) => history.length > long);
    const years = catalog.attributes.year ?? [];
    slice('next film of 2013, the newest year', ({ target }) => Number(years[target]) >= 2013);
    slice('next film of 2012', ({ target }) => Number(years[target]) === 2012);
    slice('next film of before 2012', ({ target }) => Number(years[target]) < 2012);
    const popularity = split.train.itemCounts();
    const popular = (target: number): number => popularity[target] as number;
    const [rare, common] = thirds(asked.map(({ target }) => popular(target)).sort((a, b) => a - b));
    slice(`next film with up to ${rare} training ratings`, ({ target }) => popular(target) <= rare);
    slice(
      `next film with ${rare + 1} to ${common} training ratings`,
      ({ target }) => popular(target) > rare && popular(target) <= common,
    );
    slice(`next film with more than ${common} training ratings`, ({ target }) => popular(target) > common);
    const share = (of: (user: Asked, list: readonly number[]) => number): string =>
      `${(100 * meanOf(asked.map((user, at) => of(user, model[at] ?? [])))).toFixed(1)} %`;
    const recall = meanOf(asked.map(({ retrieved, target }) => (retrieved.includes(target) ? 1 : 0)));
    return {
      columns: [
        '',
        'users',
        'NDCG@10, retriever',
        'NDCG@10',
        'difference',
        'HR@10, retriever',
        'HR@10',
        'difference ',
      ],
      rows,
      notes: [
        `The model kept the retriever's first candidate as its own first for ${share(({ retrieved }, list) => (list[0] === retrieved[0] ? 1 : 0))} of the users, and it is among its ten for ${share(({ retrieved }, list) => (list.includes(retrieved[0] as number) ? 1 : 0))}; of the retriever's ten it kept ${share(({ retrieved }, list) => list.filter((item) => retrieved.slice(0, 10).includes(item)).length / 10)}. The ceiling of HR@10, recall@50, is ${recall.toFixed(4)}. Of ${counts.entries} numbers answered ${counts.invented} named no candidate and ${counts.repeated} came twice; ${counts.filled} places of ${counts.listed} were filled in from the order shown.`,
      ],
    };
  },
};

/** Values at a third and at two thirds of a sorted list. */
function thirds(sorted: readonly number[]): [number, number] {
  const at = (share: number): number => sorted[Math.floor(share * sorted.length)] as number;
  return [at(1 / 3), at(2 / 3)];
}
