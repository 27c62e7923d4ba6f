import {
  type CatalogueScorer,
  checkProvenance,
  fingerprint,
  joinProvenance,
  type LongCallOptions,
  Pipeline,
  type Retriever,
  WORLD,
} from '@palate/core';
import {
  BiEncoder,
  CrossEncoder,
  LikelihoodRanker,
  NarrativeRanker,
  requestPairs,
  UnigramLikelihood,
} from '@palate/narrative';
import { Fusion, PopularityRetriever } from '@palate/retrievers';
import { CACHE } from '../item-texts.js';
import { cachedModel } from '../model-cache.js';
import { hashOf } from '../results.js';
import { benchmarkSasRec } from '../text-systems.js';
import { films, type TestSet, testSets } from './narrative-data.js';
import { type Extent, type Filter, FULL, filterInWords, QUICK } from './narrative-extent.js';
import { placeRows } from './narrative-places.js';
import { totRequests } from './narrative-requests.js';
import { bm25, byHistory, dense, filtered, untuned } from './narrative-systems.js';
import { measure, type Row, table, type Values } from './narrative-values.js';
import type { Study, StudyContext } from './study.js';

/** Mint on MovieTweetings: everything beside BM25, the untuned encoder, their fusion and a query-likelihood re-ranker. */
async function run(context: StudyContext, extent: Extent) {
  const data = await films(extent);
  const sets = await testSets(data, extent);
  const sizes = sets.map(({ name, requests }) => [name, requests.length]);
  const rows: Row[] = [];
  const row = async (
    label: string,
    seeds: readonly number[],
    make: (set: TestSet, seed: number, call: LongCallOptions) => Promise<Retriever | undefined>,
  ): Promise<void> => {
    const values: Record<string, Values[]> = {};
    for (const set of sets)
      for (const seed of seeds) {
        const found = await context.cell(
          `${label} ${set.name} seed ${seed}`,
          [label, set.name, sizes, seed, hashOf(extent), 1],
          async (call): Promise<Values | null> => {
            const retriever = await make(set, seed, call);
            return retriever ? measure(retriever, set, call) : null;
          },
        );
        if (found) values[set.name] = [...(values[set.name] ?? []), found];
      }
    if (Object.keys(values).length > 0) rows.push({ label, values });
  };
  const one = extent.seeds.slice(0, 1);
  const biEncoder = (filter: Filter, seed: number, call: LongCallOptions): Promise<BiEncoder> =>
    cachedModel(
      `narrative-bi-${filter}`,
      data.dataset,
      [extent.biEncoder, data.train.request.length, seed],
      (dir) => BiEncoder.load(dir),
      async () =>
        BiEncoder.fit(await filtered(data, filter, seed, call), {
          ...extent.biEncoder,
          seed,
          signal: call.signal,
          onProgress: call.onProgress,
          checkpoint: { dir: `${CACHE}/checkpoints/narrative-bi-${filter}-${seed}-${hashOf(extent)}` },
        }),
    );
  const crossEncoder = async (filter: Filter, seed: number, call: LongCallOptions): Promise<CrossEncoder> => {
    const first = await biEncoder(filter, seed, call);
    return cachedModel(
      `narrative-cross-${filter}`,
      data.dataset,
      [extent.crossEncoder, first.id, seed],
      (dir) => CrossEncoder.load(dir),
      async () =>
        CrossEncoder.fit(await filtered(data, filter, seed, call), {
          ...extent.crossEncoder,
          biEncoder: first,
          seed,
          signal: call.signal,
          onProgress: call.onProgress,
          checkpoint: { dir: `${CACHE}/checkpoints/narrative-cross-${filter}-${seed}-${hashOf(extent)}` },
        }),
    );
  };
  const checked = async (filter: Filter, seed: number, call: LongCallOptions): Promise<BiEncoder> => {
    const encoder = await biEncoder(filter, seed, call);
    checkProvenance('the bi-encoder', joinProvenance([WORLD, encoder.provenance]), {
      rows: data.split.test,
      history: data.split.train,
      training: [fingerprint(data.split.train)],
    });
    return encoder;
  };

  await row('Popularity', one, (set) => PopularityRetriever.fit(set.dataset));
  await row('BM25', one, bm25);
  await row('use-lite, untuned', one, (set, _, call) => untuned(set, call));
  const base = async (set: TestSet, call: LongCallOptions): Promise<Fusion> =>
    new Fusion([await bm25(set), await untuned(set, call)]);
  await row('BM25 and use-lite, fused', one, (set, _, call) => base(set, call));
  await row(
    'BM25 and use-lite, re-ranked by unigram likelihood',
    one,
    async (set, _, call) =>
      new Pipeline(
        await base(set, call),
        [new LikelihoodRanker(new UnigramLikelihood(set.texts), set.texts)],
        { candidates: 200 },
      ),
  );
  for (const filter of extent.filters) {
    const seeds = filter === 't5' ? one : extent.seeds;
    const deepSeeds = filter === 'none' ? one : filter === 't5' ? [] : extent.seeds;
    const suffix = filterInWords(filter);
    await row(`Bi-encoder, ${suffix}`, seeds, async (set, seed, call) =>
      dense(set, await checked(filter, seed, call), call),
    );
    await row(
      `Bi-encoder and BM25, fused, ${suffix}`,
      seeds,
      async (set, seed, call) =>
        new Fusion([await bm25(set), await dense(set, await checked(filter, seed, call), call)]),
    );
    await row(`Both stages, ${suffix}`, deepSeeds, async (set, seed, call) => {
      if (!set.isDeep) return undefined;
      const cross = await crossEncoder(filter, seed, call);
      const ranker = new NarrativeRanker(set.dataset.catalog.align(set.dataset.log.items), {
        crossEncoder: cross,
        texts: set.texts,
      });
      return new Pipeline(await dense(set, await checked(filter, seed, call), call), [ranker], {
        candidates: 200,
      });
    });
    await row(`Both stages and BM25, fused, ${suffix}`, deepSeeds, async (set, seed, call) => {
      if (!set.isDeep) return undefined;
      const cross = await crossEncoder(filter, seed, call);
      const ranker = new NarrativeRanker(set.dataset.catalog.align(set.dataset.log.items), {
        crossEncoder: cross,
        texts: set.texts,
        orderWeight: 0.5,
      });
      const first = new Fusion([await bm25(set), await dense(set, await checked(filter, seed, call), call)]);
      return new Pipeline(first, [ranker], { candidates: 200 });
    });
  }
  const [best = 'none'] = extent.filters.slice(-1);
  if (extent.requests === Number.POSITIVE_INFINITY) {
    const sasRec = async (seed: number): Promise<CatalogueScorer> =>
      byHistory(
        await benchmarkSasRec(data.dataset, {
          seed,
          signal: context.signal,
          checkpoints: `${CACHE}/checkpoints/narrative`,
        }),
      );
    await row('SASRec', extent.seeds, async (set, seed) => (set.isPersonal ? sasRec(seed) : undefined));
    await row('SASRec and bi-encoder, fused', extent.seeds, async (set, seed, call) =>
      set.isPersonal
        ? new Fusion([await sasRec(seed), await dense(set, await checked(best, seed, call), call)], {
            weights: [2, 1],
          })
        : undefined,
    );
    await row('Bi-encoder trained on real requests (a ceiling)', extent.seeds, async (set, seed, call) => {
      if (!set.name.startsWith('tot-reddit')) return undefined;
      const real = (await totRequests(set.dataset.log.items, 'train')).map(({ text, targets }, k) => ({
        user: `request ${k}`,
        items: targets.map((item) => set.dataset.log.items.idOf(item)),
        text,
      }));
      const pairs = requestPairs(set.dataset, real, { texts: set.texts, provenance: WORLD });
      const encoder = await cachedModel(
        'narrative-real',
        set.dataset,
        [extent.biEncoder, real.length, seed],
        (dir) => BiEncoder.load(dir),
        () =>
          BiEncoder.fit(pairs, {
            ...extent.biEncoder,
            seed,
            signal: call.signal,
            onProgress: call.onProgress,
            checkpoint: { dir: `${CACHE}/checkpoints/narrative-real-${real.length}-${seed}` },
          }),
      );
      return dense(set, encoder, call);
    });
  }
  const pointrec = await placeRows(context, extent, (seed, call) => biEncoder(best, seed, call));
  return table(rows, sets, pointrec);
}

const PROTOCOL =
  'Encoders are trained on the recorded requests of 80 % of their users, 2,280 in all; of those a fifth is held out for stopping. tot-reddit: validation requests whose film is in the catalogue (5-core, or all films, of which 8,092 have title and genres alone), one right film each. Next films: requests of users held out of all training, whose last two films, which no request was written from, are the answers; history masked; SASRec is asked with the history. ReDial and INSPIRED: at most 500 recommendation turns drawn by seed 0, the dialogue up to the turn as request, films joined by title and year; which recommendations were accepted is not in the files. Pointrec: 36 requests whose judged places could be had, re-ranked by grade; most records of large cities are missing, so that no published figure compares. A hit is any target in the list. Mean and deviation over three seeds, one for the T5 filter and for both stages without filter; p: randomisation test of NDCG@10 over requests on the first set, averaged over seeds, with Holm correction.';

/** Requests in words, answered by Mint and what it is held against. */
export const narrative: Study = {
  name: 'narrative',
  title: 'Requests in words (Mint): real requests, held-out users, dialogues and places',
  protocol: PROTOCOL,
  run: (context) => run(context, FULL),
};

/** The same on a small part, to see that it runs. */
export const narrativeQuick: Study = {
  name: 'narrative-quick',
  title: 'Requests in words on a small part, to see that the study runs: no figures to compare',
  protocol: `A check of the study, on 80 requests and one epoch of the upper part. ${PROTOCOL}`,
  run: (context) => run(context, QUICK),
};
