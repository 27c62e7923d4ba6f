import type { LongCallOptions } from '@palate/core';
import { averagePrecision, normalisedGain, reciprocalRank } from '@palate/eval';
import { type BiEncoder, UnigramLikelihood } from '@palate/narrative';
import { benchmarkEncoder } from '../item-texts.js';
import { hashOf } from '../results.js';
import type { Extent, Training } from './narrative-extent.js';
import { type PlaceRequest, placeRequests } from './narrative-requests.js';
import { meanOf, type StudyContext } from './study.js';

/** Measures of Pointrec, in the order of the values of a request. */
export const PLACE_METRICS = ['NDCG@10', 'MAP', 'MRR'] as const;

/** Least grade, of 0 to 3, that counts as relevant for MAP and MRR; NDCG takes the grade itself as gain. */
const RELEVANT = 2;

/** NDCG@10, average precision and reciprocal rank of a list of grades, best place first. */
export function placeValues(grades: readonly number[]): readonly [number, number, number] {
  const ranks = grades.flatMap((grade, k) => (grade >= RELEVANT ? [k + 1] : []));
  const relevant = { ranks, gains: ranks.map(() => 1) };
  return [
    normalisedGain(
      grades.map((_, k) => k + 1),
      grades,
      10,
    ),
    averagePrecision(relevant, grades.length),
    reciprocalRank(relevant),
  ];
}

/** Values of Pointrec's requests by any scores of their places. */
async function places(
  requests: readonly PlaceRequest[],
  score: (request: string, texts: readonly string[]) => Promise<ArrayLike<number>>,
): Promise<number[][]> {
  const values: number[][] = [];
  for (const { text, candidates } of requests) {
    const scores = await score(
      text,
      candidates.map((each) => each.text),
    );
    const order = candidates
      .map((_, k) => k)
      // Among equal scores the worse place comes first: nothing is gained by scoring all alike.
      .sort(
        (a, b) =>
          (scores[b] as number) - (scores[a] as number) ||
          (candidates[a]?.grade ?? 0) - (candidates[b]?.grade ?? 0),
      );
    values.push([...placeValues(order.map((k) => candidates[k]?.grade ?? 0))]);
  }
  return values;
}

/** Pointrec's rows: for each measure its mean over the requests, by seed. */
export async function placeRows(
  context: StudyContext,
  extent: Extent,
  biEncoder: (training: Training, seed: number, call: LongCallOptions) => Promise<BiEncoder>,
): Promise<ReadonlyMap<string, number[][]>> {
  const requests = await placeRequests();
  const cell = (
    label: string,
    seed: number,
    basis: unknown,
    work: (call: LongCallOptions) => Promise<number[][]>,
  ) =>
    context.cell(
      `${label} Pointrec seed ${seed}`,
      [label, requests.length, seed, extent.requests, hashOf(basis), 3],
      work,
    );
  const cosine =
    (encoder: Pick<BiEncoder, 'encode'>) => async (request: string, texts: readonly string[]) => {
      const { data, width } = await encoder.encode([request, ...texts]);
      return texts.map((_, k) => {
        let sum = 0;
        for (let at = 0; at < width; at++)
          sum += (data[at] as number) * (data[(k + 1) * width + at] as number);
        return sum;
      });
    };
  const all = requests.flatMap(({ candidates }) => candidates.map(({ text }) => text));
  const rows = new Map<string, number[][]>();
  const unigram = new UnigramLikelihood(all);
  rows.set('BM25 and use-lite, re-ranked by unigram likelihood', [
    means(
      await cell('unigram likelihood', 0, 0, () =>
        places(requests, (request, texts) =>
          unigram.logLikelihoods(texts.map((item) => ({ request, item }))),
        ),
      ),
    ),
  ]);
  rows.set('use-lite, untuned', [
    means(await cell('use-lite', 0, 0, async () => places(requests, cosine(await benchmarkEncoder())))),
  ]);
  for (const training of extent.trainings) {
    const own: number[][] = [];
    for (const seed of training.isAblation ? extent.seeds.slice(0, 1) : extent.seeds)
      own.push(
        means(
          await cell(training.label, seed, training, async (call) =>
            places(requests, cosine(await biEncoder(training, seed, call))),
          ),
        ),
      );
    rows.set(training.label, own);
  }
  return rows;
}

/** The mean of each measure over the requests. */
const means = (values: readonly (readonly number[])[]): number[] =>
  PLACE_METRICS.map((_, metric) => meanOf(values.map((own) => own[metric] ?? 0)));
