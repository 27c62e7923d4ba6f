import {
  Catalog,
  createDataset,
  InteractionLog,
  type LongCallOptions,
  type ScoredItem,
  topK,
} from '@palate/core';
import { averagePrecision, normalisedGain, reciprocalRank } from '@palate/eval';
import { type BiEncoder, type LateCrossEncoder, UnigramLikelihood } from '@palate/narrative';
import { Bm25Retriever, fuseLists } from '@palate/retrievers';
import { benchmarkEncoder } from '../item-texts.js';
import { hashOf } from '../results.js';
import { type Deep, type Extent, type Training, UNTUNED } from './narrative-extent.js';
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

/** Scores of some places for a request; higher is better. */
type PlaceScorer = (request: string, texts: readonly string[]) => Promise<ArrayLike<number>>;

/** Values of Pointrec's requests by any scores of their places. */
async function places(requests: readonly PlaceRequest[], score: PlaceScorer): Promise<number[][]> {
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

/** A row of Pointrec's measures, by the label that it has in the table. */
interface PlaceSystem {
  readonly label: string;
  readonly seeds: readonly number[];
  /** Everything that the values depend on beside the seed. */
  readonly basis: unknown;
  readonly scorer: (seed: number, call: LongCallOptions) => Promise<PlaceScorer>;
}

/** Cosines of a request and places by an encoder. */
const cosine =
  (encoder: Pick<BiEncoder, 'encode'>): PlaceScorer =>
  async (request, texts) => {
    const { data, width } = await encoder.encode([request, ...texts]);
    return texts.map((_, k) => {
      let sum = 0;
      for (let at = 0; at < width; at++) sum += (data[at] as number) * (data[(k + 1) * width + at] as number);
      return sum;
    });
  };

/** BM25 with the statistics of all places. */
async function bm25Of(all: readonly string[]): Promise<PlaceScorer> {
  const texts = [...new Set(all)];
  const at = new Map(texts.map((text, k) => [text, k]));
  const log = InteractionLog.fromRows(
    texts.map((_, k) => ({ user: 'nobody', item: `place ${k}`, timestamp: k })),
  );
  const catalog = new Catalog({ items: log.items, text: { all: texts } });
  const bm25 = await Bm25Retriever.fit(
    createDataset({ name: 'places', log, catalog, licence: 'as Pointrec', source: 'Pointrec' }),
    { fields: ['all'] },
  );
  return async (request, own) => {
    const scores = await bm25.scoreAll([{ text: request }]);
    return own.map((text) => scores[at.get(text) ?? 0] as number);
  };
}

/** Several scorers by reciprocal ranks. */
const fused =
  (scorers: readonly PlaceScorer[]): PlaceScorer =>
  async (request, texts) => {
    const lists: ScoredItem[][] = [];
    for (const scorer of scorers)
      lists.push(topK(Float32Array.from(await scorer(request, texts)), texts.length));
    const scores = new Float32Array(texts.length);
    for (const { item, score } of fuseLists(lists)) scores[item] = score;
    return scores;
  };

/** Pointrec's rows: for each measure its mean over the requests, by seed. */
export async function placeRows(
  context: StudyContext,
  extent: Extent,
  biEncoder: (training: Training, seed: number, call: LongCallOptions) => Promise<BiEncoder>,
  secondStage: (deep: Deep, seed: number, call: LongCallOptions) => Promise<Pick<LateCrossEncoder, 'score'>>,
): Promise<ReadonlyMap<string, number[][]>> {
  const requests = await placeRequests();
  const all = requests.flatMap(({ candidates }) => candidates.map(({ text }) => text));
  const first = extent.seeds.slice(0, 1);
  const seedsOf = ({ isAblation }: Training): readonly number[] => (isAblation ? first : extent.seeds);
  const systems: PlaceSystem[] = [
    { label: 'BM25', seeds: first, basis: 0, scorer: () => bm25Of(all) },
    {
      label: 'BM25 and use-lite, re-ranked by unigram likelihood',
      seeds: first,
      basis: 0,
      scorer: async () => {
        const unigram = new UnigramLikelihood(all);
        return (request, texts) => unigram.logLikelihoods(texts.map((item) => ({ request, item })));
      },
    },
    {
      label: 'use-lite, untuned',
      seeds: first,
      basis: 0,
      scorer: async () => cosine(await benchmarkEncoder()),
    },
    {
      label: 'BM25 and use-lite, fused',
      seeds: first,
      basis: 0,
      scorer: async () => fused([await bm25Of(all), cosine(await benchmarkEncoder())]),
    },
    ...extent.trainings.flatMap((training): PlaceSystem[] => {
      const { label } = training;
      const seeds = seedsOf(training);
      const encoder = async (seed: number, call: LongCallOptions): Promise<PlaceScorer> =>
        cosine(await biEncoder(training, seed, call));
      return [
        { label, seeds, basis: training, scorer: encoder },
        ...(label === extent.main || label === UNTUNED
          ? [
              {
                label: `${label}, fused with BM25`,
                seeds,
                basis: training,
                scorer: async (seed: number, call: LongCallOptions) =>
                  fused([await bm25Of(all), await encoder(seed, call)]),
              },
            ]
          : []),
      ];
    }),
    ...extent.deep
      .filter(({ kind }) => kind === 'late')
      .map(
        (deep): PlaceSystem => ({
          label: `Both stages (${deep.training})`,
          seeds: deep.seeds,
          basis: deep,
          scorer: async (seed, call) => {
            const model = await secondStage(deep, seed, call);
            return (request, texts) => model.score(request, texts);
          },
        }),
      ),
  ];
  const rows = new Map<string, number[][]>();
  for (const { label, seeds, basis, scorer } of systems)
    for (const seed of seeds) {
      const name = `${label} Pointrec seed ${seed}`;
      const key = [label, requests.length, seed, extent.requests, hashOf(basis), 4];
      const values = await context.optionalCell(name, key, async (call) =>
        places(requests, await scorer(seed, call)),
      );
      if (values) rows.set(label, [...(rows.get(label) ?? []), means(values)]);
    }
  return rows;
}

/** The mean of each measure over the requests. */
const means = (values: readonly (readonly number[])[]): number[] =>
  PLACE_METRICS.map((_, metric) => meanOf(values.map((own) => own[metric] ?? 0)));
