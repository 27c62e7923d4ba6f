import {
  type CatalogueScorer,
  checkProvenance,
  fingerprint,
  joinProvenance,
  type LongCallOptions,
  Pipeline,
  WORLD,
} from '@palate/core';
import {
  type BiEncoder,
  LikelihoodRanker,
  REQUEST_FUSION,
  requestPairs,
  UnigramLikelihood,
} from '@palate/narrative';
import { Fusion, PopularityRetriever } from '@palate/retrievers';
import { CACHE } from '../item-texts.js';
import { hashOf } from '../results.js';
import { benchmarkSasRec } from '../text-systems.js';
import { films, type TestSet, testSets } from './narrative-data.js';
import {
  BM25_ENGLISH,
  type Deep,
  type Extent,
  LONG,
  QUICK,
  SHORT,
  type Training,
  UNTUNED,
  UNTUNED_BASE,
} from './narrative-extent.js';
import { placeRows } from './narrative-places.js';
import { PROTOCOL, TITLE } from './narrative-protocol.js';
import { totRequests } from './narrative-requests.js';
import { type System, secondStageSystems } from './narrative-second-stages.js';
import {
  bm25,
  bm25English,
  byHistory,
  dense,
  ENGLISH,
  fittedBiEncoder,
  fusedByOthers,
  secondStage,
  trainingPairs,
  untuned,
  WORDS_AND_VECTORS,
  wordsAndVectors,
} from './narrative-systems.js';
import { measure, type Row, table, type Values } from './narrative-values.js';
import type { Study, StudyContext } from './study.js';

/** Mint on MovieTweetings: everything beside BM25, the untuned encoder, their fusion and a query-likelihood re-ranker. */
async function run(context: StudyContext, extent: Extent) {
  const data = await films(extent);
  const sets = await testSets(data, extent);
  const one = extent.seeds.slice(0, 1);

  /** One fit or load of a model, shared by all that ask for it. */
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
  const deepOf = async (deep: Deep, seed: number, call: LongCallOptions) => {
    const training = trainingOf(deep.training);
    const first = await biEncoder(training, seed, call);
    return secondStage(data, deep, first, () => trainingPairs(data, training, seed, call), seed, call);
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
    { label: BM25_ENGLISH, seeds: one, basis: ENGLISH, make: bm25English },
    {
      label: UNTUNED_BASE,
      seeds: one,
      basis: [wholeTexts, ENGLISH, WORDS_AND_VECTORS],
      make: async (set, seed, call) => wordsAndVectors(set, await denseBy(wholeTexts)(set, seed, call)),
    },
    {
      label: `${main.label}, fused with ${BM25_ENGLISH}`,
      seeds: extent.seeds,
      basis: [main, ENGLISH, WORDS_AND_VECTORS],
      make: async (set, seed, call) => wordsAndVectors(set, await mine(set, seed, call)),
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
    {
      label: `Bi-encoder trained on real requests, fused with ${BM25_ENGLISH} (a ceiling)`,
      seeds: extent.seeds,
      basis: [extent.ceiling, ENGLISH, WORDS_AND_VECTORS],
      applies: ({ name }) => name.startsWith('tot-reddit'),
      make: async (set, seed, call) =>
        wordsAndVectors(set, await dense(set, await ceiling(set, seed, call), call)),
    },
    ...(extent.sequential.length === 0 ? [] : sequential()),
    ...extent.deep.flatMap((deep) =>
      secondStageSystems(deep, denseBy(trainingOf(deep.training)), (seed, call) => deepOf(deep, seed, call)),
    ),
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
      {
        label: `SASRec fused with ${main.label}, weight by other users`,
        seeds,
        basis: [main, REQUEST_FUSION.settings({})],
        applies,
        make: async (set, seed, call) =>
          fusedByOthers(set, await sasRec(seed), await mine(set, seed, call), call),
      },
    ];
  }

  const values = new Map<string, Record<string, Values[]>>();
  const cellsOf = async (set: TestSet, { label, seeds, basis, applies, make }: System): Promise<void> => {
    if (applies?.(set) === false) return;
    for (const seed of seeds) {
      const name = `${label} ${set.name} seed ${seed}`;
      const key = [label, set.name, set.requests.length, seed, extent.requests, hashOf(basis ?? 0), 2];
      const found = await context.optionalCell(
        name,
        key,
        async (call): Promise<Values> => measure(await make(set, seed, call), set, call),
      );
      if (!found) continue;
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
  for (const later of ['both stages', 'ablations'] as const) await measureAll(later);
  const pointrec = await placeRows(context, extent, biEncoder, deepOf);
  const rows: Row[] = systems.flatMap(({ label }) => {
    const own = values.get(label);
    return own ? [{ label, values: own }] : [];
  });
  return table(rows, sets, pointrec);
}

/** Requests in words, answered by Mint and what it is held against. */
export const narrative: Study = {
  name: 'narrative',
  title: TITLE,
  protocol: `${PROTOCOL} The T5 filter, all layers, and layers that see request and item together: study narrative-long.`,
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
