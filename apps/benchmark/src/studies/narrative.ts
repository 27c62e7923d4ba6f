import {
  type CatalogueScorer,
  checkProvenance,
  type Dataset,
  fingerprint,
  InvalidInputError,
  joinProvenance,
  type LongCallOptions,
  Pipeline,
  type Retriever,
  WORLD,
  withLog,
} from '@palate/core';
import {
  loadBundledMovieTweetings,
  loadItemKnowledge,
  loadNarratives,
  loadTags,
  narrativeProvenance,
} from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { holm, normalisedGain, randomisationTest } from '@palate/eval';
import {
  BiEncoder,
  CrossEncoder,
  crossFittedLikelihoods,
  keepLikely,
  LikelihoodRanker,
  NarrativeRanker,
  NarrativeRetriever,
  type RequestPairs,
  requestPairs,
  splitPairsByUser,
  T5Likelihood,
  textsOfPairs,
  UnigramLikelihood,
} from '@palate/narrative';
import { Bm25Retriever, Fusion, PopularityRetriever, TextRetriever } from '@palate/retrievers';
import { benchmarkEncoder, CACHE } from '../item-texts.js';
import { cachedModel } from '../model-cache.js';
import { hashOf } from '../results.js';
import { benchmarkSasRec } from '../text-systems.js';
import {
  dialogueTurns,
  type PlaceRequest,
  placeRequests,
  type TestRequest,
  totRequests,
} from './narrative-requests.js';
import { meanAndDeviation, type Study, type StudyContext } from './study.js';

/** How much a study does. */
interface Extent {
  readonly seeds: readonly number[];
  /** Options of the fits beside their defaults. */
  readonly biEncoder: Readonly<Record<string, unknown>>;
  readonly crossEncoder: Readonly<Record<string, unknown>>;
  /** Most requests that encoders are trained on. */
  readonly requests: number;
  /** Most dialogue turns and next-film requests of a set. */
  readonly most: number;
  readonly filters: readonly Filter[];
}

type Filter = 'none' | 'unigram' | 't5';

const FULL: Extent = {
  seeds: [0, 1, 2],
  biEncoder: { loss: 'info-nce' },
  crossEncoder: {},
  requests: Number.POSITIVE_INFINITY,
  most: 500,
  filters: ['none', 't5', 'unigram'],
};

const QUICK: Extent = {
  seeds: [0],
  biEncoder: { loss: 'info-nce', tuned: 'upper', epochs: 1, requestTokens: 64, itemTokens: 48 },
  crossEncoder: { tuned: 'upper', epochs: 1, requestTokens: 64, itemTokens: 48, batchSize: 4 },
  requests: 80,
  most: 30,
  filters: ['unigram'],
};

/** Values of each request of a set. */
type Values = Readonly<Record<'hr10' | 'ndcg10' | 'hr100', readonly number[]>>;

const METRICS = ['hr10', 'ndcg10', 'hr100'] as const;

/** A set of requests with the data that is searched. */
interface TestSet {
  readonly name: string;
  readonly dataset: Dataset;
  /** Text of each item, as encoders and BM25 read it. */
  readonly texts: readonly string[];
  readonly requests: readonly TestRequest[];
  /** Whether the cross-encoder is measured on it: it runs once for each of 200 candidates. */
  readonly isDeep: boolean;
  /** Whether requests are answered without what was seen. */
  readonly isPersonal: boolean;
}

/** Lists of a retriever, measured request by request: a request's best-ranked target decides its hit. */
async function measure(
  retriever: Retriever,
  { requests, isPersonal }: TestSet,
  call: LongCallOptions,
): Promise<Values> {
  const lists = await retriever.retrieve(
    requests.map(({ text, exclude, user }) => ({
      text,
      ...(isPersonal ? { exclude, user } : {}),
    })),
    100,
    { signal: call.signal },
  );
  const ranks = requests.map(({ targets }, q) =>
    targets.map((target) => {
      const at = lists[q]?.findIndex(({ item }) => item === target) ?? -1;
      return at < 0 ? Number.POSITIVE_INFINITY : at + 1;
    }),
  );
  const hits = (k: number): number[] => ranks.map((own) => (own.some((rank) => rank <= k) ? 1 : 0));
  return {
    hr10: hits(10),
    ndcg10: ranks.map((own) =>
      normalisedGain(
        own,
        own.map(() => 1),
        10,
      ),
    ),
    hr100: hits(100),
  };
}

/** The bundled films with all their texts, the training part of leave-one-out, and the requests by users. */
async function films(extent: Extent) {
  const whole = await loadBundledMovieTweetings();
  const split = leaveOneOut(whole.log);
  const dataset = withLog(whole, split.train);
  const knowledge = new Map((await loadItemKnowledge()).map(({ item, text }) => [item, text]));
  const tags = new Map((await loadTags()).map(({ item, tags: own }) => [item, own.join(', ')]));
  const texts = Array.from(dataset.log.items, (id, item) =>
    [whole.catalog.itemText(item, ['title', 'genres']), knowledge.get(id), tags.get(id)]
      .filter((part) => part !== undefined && part !== '')
      .join('. '),
  );
  const requests = (await loadNarratives()).slice(0, extent.requests);
  const provenance = narrativeProvenance(whole.log, requests);
  const pairs = requestPairs(dataset, requests, { texts, provenance });
  // Users of the second part are in no training: their next films are asked for.
  const { train, validation } = splitPairsByUser(pairs, 0.2, 20);
  return { whole, split, dataset, texts, train, held: validation };
}

type Films = Awaited<ReturnType<typeof films>>;

/** Requests of held-out users, whose last two films are the answers. */
function nextFilms({ split, dataset, held }: Films, most: number): TestRequest[] {
  const { validation, test } = split;
  if (!validation)
    throw new InvalidInputError({ expected: 'a validation part', received: 'none', hint: 'Split again.' });
  return [...new Set(held.request)].slice(0, most).flatMap((at) => {
    const request = held.requests[at];
    const user = request && dataset.log.users.find(request.user);
    if (request === undefined || user === undefined) return [];
    return [
      {
        text: request.text,
        user: request.user,
        targets: [...new Set([...validation.history(user), ...test.history(user)])],
        exclude: [...dataset.log.history(user)],
      },
    ];
  });
}

async function testSets(data: Films, extent: Extent): Promise<TestSet[]> {
  const { dataset, texts } = data;
  const every = await loadBundledMovieTweetings({ core: 'none' });
  const known = new Map(Array.from(dataset.log.items, (id, item) => [id, texts[item] as string]));
  const everyTexts = Array.from(
    every.log.items,
    (id, item) => known.get(id) ?? every.catalog.itemText(item, ['title', 'genres']),
  );
  const tot = (await totRequests(dataset.log.items, 'validation')).slice(0, extent.most);
  const totAll = (await totRequests(every.log.items, 'validation')).slice(0, extent.most);
  const redial = await dialogueTurns(dataset, 'redial', extent.most);
  const inspired = await dialogueTurns(dataset, 'inspired', extent.most);
  const own = { dataset, texts, isDeep: false, isPersonal: false };
  return [
    { ...own, name: 'tot-reddit, 5-core', requests: tot, isDeep: true },
    { ...own, name: 'tot-reddit, all films', dataset: every, texts: everyTexts, requests: totAll },
    { ...own, name: 'next films', requests: nextFilms(data, extent.most), isPersonal: true },
    { ...own, name: 'ReDial', requests: redial.requests },
    { ...own, name: 'INSPIRED', requests: inspired.requests },
  ];
}

/** Pairs that a filter leaves. */
async function filtered(
  { train, texts }: Pick<Films, 'train' | 'texts'>,
  filter: Filter,
  seed: number,
  call: LongCallOptions,
): Promise<RequestPairs> {
  if (filter === 'none') return train;
  const scores =
    filter === 'unigram'
      ? await new UnigramLikelihood(texts).logLikelihoods(textsOfPairs(train))
      : await crossFittedLikelihoods(train, {
          seed,
          signal: call.signal,
          onProgress: call.onProgress,
          fit: (pairs, fold) =>
            T5Likelihood.fit(textsOfPairs(pairs), {
              seed,
              signal: call.signal,
              onProgress: call.onProgress,
              checkpoint: { dir: `${CACHE}/checkpoints/narrative-t5-${seed}-${fold}` },
            }),
        });
  return keepLikely(train, scores);
}

/** A retriever over a test set's items by an encoder. */
async function dense(
  set: TestSet,
  encoder: Parameters<typeof NarrativeRetriever.fit>[1]['encoder'],
  call: LongCallOptions,
): Promise<CatalogueScorer> {
  return NarrativeRetriever.fit(set.dataset, { encoder, texts: set.texts, signal: call.signal });
}

const bm25 = (set: TestSet): Promise<Bm25Retriever> =>
  Bm25Retriever.fit(
    { ...set.dataset, catalog: set.dataset.catalog.align(set.dataset.log.items).withText('all', set.texts) },
    { fields: ['all'] },
  );

/** The untuned encoder on a set's texts. */
async function untuned(set: TestSet, call: LongCallOptions): Promise<TextRetriever> {
  return TextRetriever.fit(
    { ...set.dataset, catalog: set.dataset.catalog.align(set.dataset.log.items).withText('all', set.texts) },
    { encoder: await benchmarkEncoder(), fields: ['all'], signal: call.signal },
  );
}

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

interface Row {
  readonly label: string;
  /** Values by set and seed. */
  readonly values: Readonly<Record<string, readonly Values[]>>;
}

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
  const [once] = extent.seeds;
  const one = once === undefined ? [] : [once];
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
    const suffix = filter === 'none' ? 'without filter' : `${filter === 't5' ? 'T5' : filter} filter`;
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
    const sasRec = (seed: number) =>
      benchmarkSasRec(data.dataset, {
        seed,
        signal: context.signal,
        checkpoints: `${CACHE}/checkpoints/narrative`,
      });
    /** A scorer that is asked with the history instead of the request. */
    const byHistory = async (seed: number): Promise<CatalogueScorer> => {
      const model = await sasRec(seed);
      return {
        name: model.name,
        items: model.items,
        favourites: model.favourites,
        retrieve: (queries, k, options) =>
          model.retrieve(
            queries.map(({ exclude, ...query }) => ({ ...query, history: exclude })),
            k,
            options,
          ),
        scoreAll: (queries, options) =>
          model.scoreAll(
            queries.map(({ exclude, ...query }) => ({ ...query, history: exclude })),
            options,
          ),
      };
    };
    await row('SASRec', extent.seeds, async (set, seed) => (set.isPersonal ? byHistory(seed) : undefined));
    await row('SASRec and bi-encoder, fused', extent.seeds, async (set, seed, call) =>
      set.isPersonal
        ? new Fusion([await byHistory(seed), await dense(set, await checked(best, seed, call), call)], {
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

/** Pointrec's rows: NDCG@10 of re-ranking what is judged. */
async function placeRows(
  context: StudyContext,
  extent: Extent,
  biEncoder: (seed: number, call: LongCallOptions) => Promise<BiEncoder>,
): Promise<ReadonlyMap<string, number[]>> {
  const requests = await placeRequests();
  const cell = (label: string, seed: number, work: (call: LongCallOptions) => Promise<number[]>) =>
    context.cell(`${label} Pointrec seed ${seed}`, [label, requests.length, seed, hashOf(extent), 1], work);
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
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const rows = new Map<string, number[]>();
  const unigram = new UnigramLikelihood(all);
  rows.set('BM25 and use-lite, re-ranked by unigram likelihood', [
    mean(
      await cell('unigram likelihood', 0, () =>
        places(requests, (request, texts) =>
          unigram.logLikelihoods(texts.map((item) => ({ request, item }))),
        ),
      ),
    ),
  ]);
  rows.set('use-lite, untuned', [
    mean(await cell('use-lite', 0, async () => places(requests, cosine(await benchmarkEncoder())))),
  ]);
  const label = extent.filters.at(-1) ?? 'none';
  const own: number[] = [];
  for (const seed of extent.seeds)
    own.push(
      mean(
        await cell(`bi-encoder ${label}`, seed, async (call) =>
          places(requests, cosine(await biEncoder(seed, call))),
        ),
      ),
    );
  const suffix = label === 'none' ? 'without filter' : `${label === 't5' ? 'T5' : label} filter`;
  rows.set(`Bi-encoder, ${suffix}`, own);
  return rows;
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** The table: a row a system, three metrics a set, and the tests against the fusion on the first set. */
function table(rows: readonly Row[], sets: readonly TestSet[], pointrec: ReadonlyMap<string, number[]>) {
  const [first] = sets;
  const base = rows.find(({ label }) => label === 'BM25 and use-lite, fused');
  /** NDCG@10 of each request, averaged over seeds. */
  const perRequest = (row: Row | undefined): number[] => {
    const seeds = row?.values[first?.name ?? ''] ?? [];
    return (seeds[0]?.ndcg10 ?? []).map((_, q) => meanOf(seeds.map(({ ndcg10 }) => ndcg10[q] as number)));
  };
  const compared = rows.filter((row) => row !== base && perRequest(row).length > 1);
  const adjusted = holm(compared.map((row) => randomisationTest(perRequest(row), perRequest(base)).pValue));
  return {
    columns: [
      'system',
      ...sets.flatMap(({ name, requests }) => [`${name} (${requests.length}): HR@10`, 'NDCG@10', 'HR@100']),
      'Pointrec: NDCG@10',
      'p against the fusion',
    ],
    rows: rows.map((row) => [
      row.label,
      ...sets.flatMap(({ name }) =>
        METRICS.map((metric) => {
          const seeds = row.values[name];
          return seeds === undefined
            ? ''
            : meanAndDeviation(
                seeds.map((values) => meanOf(values[metric])),
                3,
              );
        }),
      ),
      pointrec.has(row.label) ? meanAndDeviation(pointrec.get(row.label) ?? [], 3) : '',
      compared.includes(row) ? (adjusted[compared.indexOf(row)] as number).toFixed(3) : '',
    ]),
  };
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
