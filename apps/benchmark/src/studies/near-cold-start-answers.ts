import { type Dataset, InvalidInputError } from '@palate/core';
import {
  ANSWERS_CAVEAT,
  type ColdStartInput,
  loadBundledMovieTweetings,
  loadColdStartRankings,
  type RecordedColdStart,
} from '@palate/dataset-movietweetings';
import {
  evaluateStudy,
  gainAbove,
  type NearColdStartUser,
  rankByMeanRating,
  withoutStudyUsers,
} from '@palate/llm-rank';
import { fuseLists } from '@palate/retrievers';
import { RECORDED } from './answers-in-order.js';
import { bundledStudy, GAIN_THRESHOLD, studyMethods } from './near-cold-start.js';
import { meanCell, pairedDifference } from './paired.js';
import type { Study } from './study.js';

const INPUTS: readonly (readonly [ColdStartInput, string])[] = [
  ['items', 'items'],
  ['language', 'language'],
  ['items+language', 'items and language'],
];

/**
 * Scores of pools by recorded orders: higher is better.
 *
 * @throws InvalidInputError if a record is of another user or pool
 */
export function recordedScores(
  { log }: Dataset,
  users: readonly NearColdStartUser[],
  records: readonly RecordedColdStart[],
  input: ColdStartInput,
): number[][] {
  return users.map(({ user, pool }, u) => {
    const record = records[u];
    const places = new Map(record?.ranking[input].map((item, at) => [item, at]));
    const found = pool.map(({ item }) => places.get(log.items.idOf(item)));
    if (record?.user !== user || places.size !== pool.length || found.includes(undefined))
      throw new InvalidInputError({
        expected: `the recorded order of the pool of user ${JSON.stringify(user)}`,
        received: record ? `one of user ${JSON.stringify(record.user)} with ${places.size} films` : 'none',
        hint: 'Make the study as the answers were made: the first 200 of proxyStudy with liked 8 and 500 users.',
      });
    return found.map((at) => -(at as number));
  });
}

/** Fuses two scorings of the same pools by reciprocal ranks, as `Fusion` does. */
export function fusedScores(
  first: readonly (readonly number[])[],
  second: readonly (readonly number[])[],
): number[][] {
  const order = (scores: readonly number[]): { readonly item: number }[] =>
    scores.map((score, item) => ({ item, score })).sort((a, b) => b.score - a.score || a.item - b.item);
  return first.map((scores, u) => {
    const fused = new Map(
      fuseLists([order(scores), order(second[u] ?? [])]).map(({ item, score }) => [item, score]),
    );
    return scores.map((_, at) => fused.get(at) ?? 0);
  });
}

/** A large language model on near-cold-start users, beside all baselines on the same users. */
export const nearColdStartAnswers: Study = {
  name: 'near-cold-start-answers',
  title: 'Near cold start on MovieTweetings with a large language model: 200 users, whole pools',
  protocol: `The first 200 users of study near-cold-start, with its pools, gains and baselines (fitted on everyone outside its 500 users). ${ANSWERS_CAVEAT} Told keywords are a language model's reading of early ratings, not users' own words; orders of whole pools were asked for in place of likelihoods of titles, which the paper uses and a recorded answer does not have. Together: reciprocal rank fusion. Differences are paired by user, with 95 % intervals.`,
  run: async (context) => {
    const dataset = await loadBundledMovieTweetings({ core: 5 });
    const all = await bundledStudy(dataset);
    const records = await loadColdStartRankings();
    const users = all.slice(0, records.length);
    const others = withoutStudyUsers(dataset.log, all);
    const mean = rankByMeanRating(others, users);
    const values = (name: string, scores: readonly (readonly number[])[]): readonly number[] =>
      evaluateStudy(name, users, scores, gainAbove(GAIN_THRESHOLD)).values;
    const ofMean = values('mean rating', mean);
    const rows: string[][] = [];
    const add = (name: string, told: string, own: readonly number[]): void => {
      rows.push([name, told, meanCell(own), name.startsWith('Mean') ? '' : pairedDifference(own, ofMean)]);
    };
    for (const { name, told, rank } of await studyMethods(dataset, all)) {
      const own = await context.cell(`${name} ${told}`, [name, told, users.length, 1], async (call) =>
        values(name, await rank(users, call)),
      );
      add(name, told, own);
    }
    const found: Record<string, { readonly alone: readonly number[]; readonly both: readonly number[] }> = {};
    for (const [input, told] of INPUTS) {
      const scores = recordedScores(dataset, users, records, input);
      const alone = values(RECORDED, scores);
      const both = values('both', fusedScores(scores, mean));
      found[input] = { alone, both };
      add(RECORDED, told, alone);
      add(`${RECORDED}, and mean rating by others`, told, both);
    }
    const best = found['items+language'] as (typeof found)[string];
    return {
      columns: [`method (${users.length} users)`, 'told', 'NDCG@10', 'difference to mean rating by others'],
      rows,
      notes: [
        `What this means for the paper's claim: language models are indeed far above every collaborative filter that folds five films in, and words alone nearly reach films. But the pools hold what users chose themselves, so that what is left to rank is how good a film is: a mean rating by others, which knows nothing of the user and is in neither the paper's table nor its baselines, is level with the model told everything (${pairedDifference(best.alone, ofMean)}). What the model adds beyond general quality is the gain of both together over that mean: ${pairedDifference(best.both, ofMean)}. Competitive near cold start is therefore shown for collaborative filters that ignore ratings, not against the simplest one that reads them.`,
      ],
    };
  },
};
