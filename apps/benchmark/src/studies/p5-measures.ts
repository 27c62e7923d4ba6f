import {
  type LongCallOptions,
  type Query,
  RandomStream,
  type Retriever,
  type ScoredItem,
} from '@palate/core';
import { bleu, rouge } from '@palate/eval';
import { evaluateRatings, type P5, type RatingPredictor, ratingRows } from '@palate/llm-rank';
import type { P5Data } from './p5-data.js';
import { meanOf } from './study.js';

/** Others beside the right item in the direct task, as in the paper. */
const NEGATIVES = 99;

/** Hit rates and gains of lists for one right item each. */
export interface ListScores {
  readonly hr1: number;
  readonly hr10: number;
  readonly ndcg10: number;
  /** The right item's place in each user's list, counted from 1; 0 where it is not among the ten. Users are in one order for all. */
  readonly places: readonly number[];
}

function listScores(lists: readonly (readonly ScoredItem[])[], targets: readonly Int32Array[]): ListScores {
  const places = lists.map(
    (list, q) => 1 + list.slice(0, 10).findIndex(({ item }) => item === targets[q]?.[0]),
  );
  return { hr1: hitRate(places, 1), hr10: hitRate(places, 10), ndcg10: meanOf(places.map(gainOf)), places };
}

const hitRate = (places: readonly number[], k: number): number =>
  meanOf(places.map((place) => (place > 0 && place <= k ? 1 : 0)));

/** NDCG@10 of a list with one right item. */
export const gainOf = (place: number): number => (place > 0 ? 1 / Math.log2(place + 1) : 0);

interface Asked {
  readonly queries: readonly Query[];
  readonly targets: readonly Int32Array[];
}

function testQueries({ split }: P5Data, users: number): Asked {
  const asked = Array.from({ length: split.test.users.size }, (_, user) => user).filter(
    (user) => split.test.history(user).length > 0,
  );
  const chosen =
    asked.length <= users
      ? asked
      : Array.from(
          new RandomStream(0).fork('test users').sample(asked.length, users),
          (at) => asked[at] as number,
        );
  return {
    queries: chosen.map((user) => ({
      user: split.test.users.idOf(user),
      history: split.known.history(user),
    })),
    targets: chosen.map((user) => split.test.history(user)),
  };
}

/** The next item among all, history left out. */
export async function sequentialScores(
  retriever: Retriever,
  data: P5Data,
  users: number,
  call: LongCallOptions,
): Promise<ListScores> {
  const { queries, targets } = testQueries(data, users);
  return listScores(await retriever.retrieve(queries, 10, { signal: call.signal }), targets);
}

/** The right item among up to 99 that the user has never had, drawn by one seed for all systems; in no order. */
export async function directScores(
  rank: (queries: readonly Query[], candidates: readonly (readonly number[])[]) => Promise<ScoredItem[][]>,
  data: P5Data,
  users: number,
): Promise<ListScores> {
  const { queries, targets } = testQueries(data, users);
  const random = new RandomStream(0).fork('direct candidates');
  const candidates = queries.map(({ history }, q) => {
    const own = new Set([...Array.from(history ?? []), targets[q]?.[0] as number]);
    const others = Array.from({ length: data.train.log.items.size }, (_, item) => item).filter(
      (item) => !own.has(item),
    );
    return [...random.shuffle(others).slice(0, NEGATIVES), targets[q]?.[0] as number].sort((a, b) => a - b);
  });
  return listScores(await rank(queries, candidates), targets);
}

/** Ranks by a P5 as it is asked. */
export const rankBy =
  (p5: P5, call: LongCallOptions) =>
  (queries: readonly Query[], candidates: readonly (readonly number[])[]): Promise<ScoredItem[][]> =>
    p5.rank(
      queries,
      // In no order: every list begins with equal scores.
      candidates.map((items) => items.map((item) => ({ item, score: 0 }))),
      10,
      { signal: call.signal },
    );

/** Ranks by a retriever that is given candidates. */
export const rankByRetriever =
  (retriever: Retriever, call: LongCallOptions) =>
  (queries: readonly Query[], candidates: readonly (readonly number[])[]): Promise<ScoredItem[][]> =>
    retriever.retrieve(
      queries.map((query, q) => ({ ...query, candidates: candidates[q] })),
      10,
      { signal: call.signal },
    );

/** Errors of predicted ratings of the test. */
export async function ratingScores(
  predictor: RatingPredictor,
  { split, train }: P5Data,
): Promise<{ readonly rmse: number; readonly mae: number } | undefined> {
  if (!train.log.rating) return undefined;
  const rows = ratingRows(split.test, split.test, { leastHistory: 0 });
  const [result] = await evaluateRatings([predictor], rows, 4, { train: split.train });
  return result && { rmse: result.rmse, mae: result.mae };
}

/** How near written explanations are to those of the test, in per cent. */
export async function explanationScores(
  p5: P5,
  { references }: P5Data,
  call: LongCallOptions,
): Promise<{ readonly bleu4: number; readonly rouge1: number } | undefined> {
  if (references.length === 0) return undefined;
  const known = references.filter(({ user, item }) => p5.users.has(user) && p5.items.has(item));
  const written = await p5.explain(
    known.map(({ user, item, feature }) => ({ user, item, feature })),
    { maxTokens: 24, signal: call.signal },
  );
  const texts = known.map(({ text }) => text);
  return { bleu4: 100 * bleu(written, texts), rouge1: 100 * rouge(written, texts).rouge1.f1 };
}
