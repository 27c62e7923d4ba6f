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
  type BiEncoder,
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
import { type Extent, LONG, QUICK, SHORT, type Training, UNTUNED } from './narrative-extent.js';
import { placeRows } from './narrative-places.js';
import { totRequests } from './narrative-requests.js';
import { bm25, byHistory, dense, fittedBiEncoder, trainingPairs, untuned } from './narrative-systems.js';
import { measure, type Row, table, type Values } from './narrative-values.js';
import type { Study, StudyContext } from './study.js';

/** A row of the table, made for each set that it has values of. */
interface System {
  readonly label: string;
  readonly seeds: readonly number[];
  /** Everything that the values depend on beside set and seed. */
  readonly basis: unknown;
  readonly applies?: (set: TestSet) => boolean;
  /** What is measured once all sets have the other rows. */
  readonly later?: 'ablations' | 'both stages' | undefined;
  readonly make: (set: TestSet, seed: number, call: LongCallOptions) => Promise<Retriever>;
}

/** Mint on MovieTweetings: everything beside BM25, the untuned encoder, their fusion and a query-likelihood re-ranker. */
async function run(context: StudyContext, extent: Extent) {
  const data = await films(extent);
  const sets = await testSets(data, extent);
  const one = extent.seeds.slice(0, 1);

  /** One fit or reading of a model, whoever asks for it first. */
  const held = new Map<string, Promise<BiEncoder>>();
  const biEncoder = (training: Training, seed: number, call: LongCallOptions): Promise<BiEncoder> => {
    const { label, options, from, filter } = training;
    const basis = [options, from, filter, data.train.request.length, seed];
    const key = hashOf(basis);
    const known = held.get(key);
    if (known) return known;
    const made = fittedBiEncoder(
      {
        kind: 'narrative-bi',
        dataset: data.dataset,
        basis,
        pairs: () => trainingPairs(data, training, seed, call),
        options: { ...options, seed },
      },
      call,
    ).then((encoder) => {
      checkProvenance(label, joinProvenance([WORLD, encoder.provenance]), {
        rows: data.split.test,
        history: data.split.train,
        training: [fingerprint(data.split.train)],
      });
      return encoder;
    });
    held.set(key, made);
    return made;
  };
  const trainingOf = (label: string): Training => {
    const found = extent.trainings.find((each) => each.label === label);
    if (!found) throw new Error(`no training is called ${label}`);
    return found;
  };
  const main = trainingOf(extent.main);
  const deepOf = async (
    deep: Extent['deep'][number],
    seed: number,
    call: LongCallOptions,
  ): Promise<CrossEncoder> => {
    const training = trainingOf(deep.training);
    const first = await biEncoder(training, seed, call);
    return cachedModel(
      'narrative-cross',
      data.dataset,
      [deep.options, first.id, seed],
      (dir) => CrossEncoder.load(dir),
      async () =>
        CrossEncoder.fit(await trainingPairs(data, training, seed, call), {
          ...deep.options,
          biEncoder: first,
          seed,
          signal: call.signal,
          onProgress: call.onProgress,
          checkpoint: { dir: `${CACHE}/checkpoints/narrative-cross-${hashOf([deep, seed])}` },
        }),
    );
  };

  const base = async (set: TestSet, call: LongCallOptions): Promise<Fusion> =>
    new Fusion([await bm25(set), await untuned(set, call)]);
  const likelihood = (set: TestSet, orderWeight: number): LikelihoodRanker =>
    new LikelihoodRanker(new UnigramLikelihood(set.texts), set.texts, { orderWeight });
  const denseBy =
    (training: Training) =>
    async (set: TestSet, seed: number, call: LongCallOptions): Promise<CatalogueScorer> =>
      dense(set, await biEncoder(training, seed, call), call);
  const mine = denseBy(main);
  const wholeTexts = trainingOf(UNTUNED);

  const systems: System[] = [
    { label: 'Popularity', seeds: one, basis: 0, make: (set) => PopularityRetriever.fit(set.dataset) },
    { label: 'BM25', seeds: one, basis: 0, make: bm25 },
    { label: 'use-lite, untuned', seeds: one, basis: 0, make: (set, _, call) => untuned(set, call) },
    { label: 'BM25 and use-lite, fused', seeds: one, basis: 0, make: (set, _, call) => base(set, call) },
    {
      label: 'BM25 and use-lite, re-ranked by unigram likelihood',
      seeds: one,
      basis: 0,
      make: async (set, _, call) =>
        new Pipeline(await base(set, call), [likelihood(set, 0)], { candidates: 200 }),
    },
    ...extent.trainings.map(
      (training): System => ({
        label: training.label,
        seeds: training.isAblation ? one : extent.seeds,
        basis: training,
        later: training.isAblation === true && training.label !== UNTUNED ? 'ablations' : undefined,
        make: denseBy(training),
      }),
    ),
    {
      label: `${UNTUNED}, fused with BM25`,
      seeds: one,
      basis: wholeTexts,
      make: async (set, seed, call) =>
        new Fusion([await bm25(set), await denseBy(wholeTexts)(set, seed, call)]),
    },
    {
      label: `${main.label}, fused with BM25`,
      seeds: extent.seeds,
      basis: main,
      make: async (set, seed, call) => new Fusion([await bm25(set), await mine(set, seed, call)]),
    },
    {
      label: `${main.label}, fused with BM25 and use-lite`,
      seeds: extent.seeds,
      basis: main,
      make: async (set, seed, call) =>
        new Fusion([await bm25(set), await untuned(set, call), await mine(set, seed, call)]),
    },
    {
      label: `${main.label}, fused with BM25 and the likelihood of the request`,
      seeds: extent.seeds,
      basis: main,
      make: async (set, seed, call) =>
        new Pipeline(new Fusion([await bm25(set), await mine(set, seed, call)]), [likelihood(set, 0.5)], {
          candidates: 200,
        }),
    },
    {
      label: 'Bi-encoder trained on real requests (a ceiling)',
      seeds: extent.seeds,
      basis: extent.ceiling,
      applies: ({ name }) => name.startsWith('tot-reddit'),
      make: async (set, seed, call) => dense(set, await ceiling(set, seed, call), call),
    },
    {
      label: 'Bi-encoder trained on real requests, fused with BM25 (a ceiling)',
      seeds: extent.seeds,
      basis: extent.ceiling,
      applies: ({ name }) => name.startsWith('tot-reddit'),
      make: async (set, seed, call) =>
        new Fusion([await bm25(set), await dense(set, await ceiling(set, seed, call), call)]),
    },
    ...(extent.sequential.length === 0 ? [] : sequential()),
    ...extent.deep.flatMap((deep) => deepSystems(deep)),
  ];

  const ceiling = async (set: TestSet, seed: number, call: LongCallOptions): Promise<BiEncoder> => {
    const ids = set.dataset.log.items;
    const real = (await totRequests(ids, 'train')).map(({ text, targets }, k) => ({
      user: `request ${k}`,
      items: targets.map((item) => ids.idOf(item)),
      text,
    }));
    return fittedBiEncoder(
      {
        kind: 'narrative-real',
        dataset: set.dataset,
        basis: [extent.ceiling, real.length, seed],
        pairs: async () => requestPairs(set.dataset, real, { texts: set.texts, provenance: WORLD }),
        options: { ...extent.ceiling, seed },
      },
      call,
    );
  };

  function sequential(): System[] {
    const seeds = extent.sequential;
    const applies = ({ isPersonal }: TestSet): boolean => isPersonal;
    const sasRec = async (seed: number): Promise<CatalogueScorer> =>
      byHistory(
        await benchmarkSasRec(data.dataset, {
          seed,
          signal: context.signal,
          checkpoints: `${CACHE}/checkpoints/narrative`,
        }),
      );
    return [
      { label: 'SASRec', seeds, basis: 0, applies, make: (_, seed) => sasRec(seed) },
      {
        label: `SASRec fused with ${main.label}`,
        seeds,
        basis: main,
        applies,
        make: async (set, seed, call) =>
          new Fusion([await sasRec(seed), await mine(set, seed, call)], { weights: [2, 1] }),
      },
    ];
  }

  function deepSystems(deep: Extent['deep'][number]): System[] {
    const { training, depth, seeds } = deep;
    const applies = ({ isDeep }: TestSet): boolean => isDeep;
    const ranker = async (set: TestSet, seed: number, call: LongCallOptions, orderWeight: number) =>
      new NarrativeRanker(set.dataset.catalog.align(set.dataset.log.items), {
        crossEncoder: await deepOf(deep, seed, call),
        texts: set.texts,
        depth,
        orderWeight,
      });
    const first = denseBy(trainingOf(training));
    return [
      {
        label: `Both stages (${training})`,
        later: 'both stages',
        seeds,
        basis: deep,
        applies,
        make: async (set, seed, call) =>
          new Pipeline(await first(set, seed, call), [await ranker(set, seed, call, 0)], {
            candidates: 200,
          }),
      },
      {
        label: `Both stages and BM25, fused (${training})`,
        later: 'both stages',
        seeds,
        basis: deep,
        applies,
        make: async (set, seed, call) =>
          new Pipeline(
            new Fusion([await bm25(set), await first(set, seed, call)]),
            [await ranker(set, seed, call, 0.5)],
            { candidates: 200 },
          ),
      },
    ];
  }

  const values = new Map<string, Record<string, Values[]>>();
  const cellsOf = async (set: TestSet, { label, seeds, basis, applies, make }: System): Promise<void> => {
    if (applies?.(set) === false) return;
    for (const seed of seeds) {
      const name = `${label} ${set.name} seed ${seed}`;
      const key = [label, set.name, set.requests.length, seed, extent.requests, hashOf(basis ?? 0), 2];
      if (context.finishedOnly && !(await context.isMeasured(name, key))) continue;
      const found = await context.cell(
        name,
        key,
        async (call): Promise<Values> => measure(await make(set, seed, call), set, call),
      );
      const own = values.get(label) ?? {};
      own[set.name] = [...(own[set.name] ?? []), found];
      values.set(label, own);
    }
  };
  const measureAll = async (later: System['later']): Promise<void> => {
    for (const set of sets)
      for (const system of systems) if (system.later === later) await cellsOf(set, system);
  };
  await measureAll(undefined);
  const pointrec = await placeRows(context, extent, biEncoder);
  for (const later of ['both stages', 'ablations'] as const) await measureAll(later);
  const rows: Row[] = systems.flatMap(({ label }) => {
    const own = values.get(label);
    return own ? [{ label, values: own }] : [];
  });
  return table(rows, sets, pointrec);
}

const PROTOCOL =
  'Bi-encoders are trained on the recorded requests of 80 % of their users, 2,280 in all, or on the clauses of those requests, each with the one film of the request that the untuned encoder ranks best for it, where that is among its best 50. The head of the encoder is trained: the layers run over each text once, in windows of at most 128 tokens, which is all that the untuned encoder otherwise reads of a text. Rows on whole requests hold a fifth of the users out for stopping. Clauses are mixed with sentences that people write around what they ask for, written for the package; windows, loss, learning rate and epochs were chosen by 956 tot-reddit train requests, which no row but the ceiling is trained on; that long texts read in one piece do badly was first seen on the 126 validation requests, so that rows in windows are not wholly blind to them. tot-reddit: validation requests whose film is in the catalogue (5-core, or all films, of which 8,092 have title and genres alone), one right film each. Next films: requests of users held out of all training, whose last two films, which no request was written from, are the answers; history masked; SASRec is asked with the history. ReDial and INSPIRED: at most 500 recommendation turns drawn by seed 0, the dialogue up to the turn as request, films joined by title and year; which recommendations were accepted is not in the files. Pointrec: 36 requests whose judged places could be had, re-ranked by grade; most records of large cities are missing, so that no published figure compares. A hit is any target in the list. Mean and deviation over three seeds where a deviation is given, one seed elsewhere (ablations, SASRec, both stages); p: randomisation test of NDCG@10 over requests on the first set, averaged over seeds, with Holm correction; on next films against SASRec. Cells that are empty do not apply or are not measured yet: run again, the study goes on with them.';

const TITLE = 'Requests in words (Mint): real requests, held-out users, dialogues and places';

/** Requests in words, answered by Mint and what it is held against. */
export const narrative: Study = {
  name: 'narrative',
  title: TITLE,
  protocol: `${PROTOCOL} The cross-encoder scores 20 candidates, its upper layers trained over one epoch. The T5 filter, all layers and 200 candidates: study narrative-long.`,
  run: (context) => run(context, SHORT),
};

/** The same with all layers trained: hours. */
export const narrativeLong: Study = {
  name: 'narrative-long',
  title: `${TITLE}; all layers trained`,
  protocol: `${PROTOCOL} Rows of all layers train the whole encoder.`,
  run: (context) => run(context, LONG),
};

/** The same on a small part, to see that it runs. */
export const narrativeQuick: Study = {
  name: 'narrative-quick',
  title: 'Requests in words on a small part, to see that the study runs: no figures to compare',
  protocol: `A check of the study, on 80 requests and one epoch. ${PROTOCOL}`,
  run: (context) => run(context, QUICK),
};
