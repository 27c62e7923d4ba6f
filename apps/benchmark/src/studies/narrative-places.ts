import type { LongCallOptions } from '@palate/core';
import { normalisedGain } from '@palate/eval';
import { type BiEncoder, UnigramLikelihood } from '@palate/narrative';
import { benchmarkEncoder } from '../item-texts.js';
import { hashOf } from '../results.js';
import type { Extent, Training } from './narrative-extent.js';
import { type PlaceRequest, placeRequests } from './narrative-requests.js';
import { meanOf, type StudyContext } from './study.js';

/** Mean NDCG@10 of Pointrec's requests by any scores of their places; gain is the grade. */
async function places(
  requests: readonly PlaceRequest[],
  score: (request: string, texts: readonly string[]) => Promise<ArrayLike<number>>,
): Promise<number[]> {
  const values: number[] = [];
  for (const { text, candidates } of requests) {
    const scores = await score(
      text,
      candidates.map((each) => each.text),
    );
    const order = candidates
      .map((_, k) => k)
      .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
    const ranks = candidates.map((_, k) => order.indexOf(k) + 1);
    values.push(
      normalisedGain(
        ranks,
        candidates.map(({ grade }) => grade),
        10,
      ),
    );
  }
  return values;
}

/** Pointrec's rows: NDCG@10 of re-ranking what is judged. */
export async function placeRows(
  context: StudyContext,
  extent: Extent,
  biEncoder: (training: Training, seed: number, call: LongCallOptions) => Promise<BiEncoder>,
): Promise<ReadonlyMap<string, number[]>> {
  const requests = await placeRequests();
  const cell = (
    label: string,
    seed: number,
    basis: unknown,
    work: (call: LongCallOptions) => Promise<number[]>,
  ) =>
    context.cell(
      `${label} Pointrec seed ${seed}`,
      [label, requests.length, seed, extent.requests, hashOf(basis), 2],
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
  const rows = new Map<string, number[]>();
  const unigram = new UnigramLikelihood(all);
  rows.set('BM25 and use-lite, re-ranked by unigram likelihood', [
    meanOf(
      await cell('unigram likelihood', 0, 0, () =>
        places(requests, (request, texts) =>
          unigram.logLikelihoods(texts.map((item) => ({ request, item }))),
        ),
      ),
    ),
  ]);
  rows.set('use-lite, untuned', [
    meanOf(await cell('use-lite', 0, 0, async () => places(requests, cosine(await benchmarkEncoder())))),
  ]);
  for (const training of extent.trainings) {
    const own: number[] = [];
    for (const seed of training.isAblation ? extent.seeds.slice(0, 1) : extent.seeds)
      own.push(
        meanOf(
          await cell(training.label, seed, training, async (call) =>
            places(requests, cosine(await biEncoder(training, seed, call))),
          ),
        ),
      );
    rows.set(training.label, own);
  }
  return rows;
}
