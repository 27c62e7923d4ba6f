import type { CatalogueScorer, Dataset, LongCallOptions, Retriever, ScoredItem } from '@palate/core';
import {
  BiEncoder,
  type BiEncoderOptions,
  CrossEncoder,
  clausePairs,
  crossFittedLikelihoods,
  keepLikely,
  LateCrossEncoder,
  NarrativeRetriever,
  RequestFusion,
  type RequestPairs,
  SURROUNDINGS,
  T5Likelihood,
  textsOfPairs,
  UnigramLikelihood,
} from '@palate/narrative';
import { Bm25Retriever, Fusion, TextRetriever } from '@palate/retrievers';
import { benchmarkEncoder, CACHE } from '../item-texts.js';
import { cachedModel } from '../model-cache.js';
import { hashOf } from '../results.js';
import type { Films, TestSet } from './narrative-data.js';
import type { Deep, Filter, Training } from './narrative-extent.js';

/** Pairs that a bi-encoder is trained on. */
export async function trainingPairs(
  data: Pick<Films, 'train' | 'texts'>,
  { from, filter }: Pick<Training, 'from' | 'filter'>,
  seed: number,
  call: LongCallOptions,
): Promise<RequestPairs> {
  if (from === 'clauses')
    return clausePairs(data.train, await benchmarkEncoder(), {
      ...(filter === 'none' ? { mostRank: data.texts.length } : {}),
      signal: call.signal,
      onProgress: call.onProgress,
    });
  return filtered(data, filter === 'rank' ? 'none' : filter, seed, call);
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

/** A bi-encoder to fit: `kind` names its files, and its model depends on `basis` beside the data. */
interface BiEncoderCell {
  readonly kind: string;
  readonly dataset: Dataset;
  readonly basis: readonly unknown[];
  readonly pairs: () => Promise<RequestPairs>;
  readonly options: BiEncoderOptions;
}

/** Means of texts below the heads. */
const MEANS = `${CACHE}/means`;

/** Fits a bi-encoder, going on where that was stopped, or reads it where it was fitted before. */
export const fittedBiEncoder = (
  { kind, dataset, basis, pairs, options }: BiEncoderCell,
  { signal, onProgress }: LongCallOptions,
): Promise<BiEncoder> =>
  cachedModel(
    kind,
    dataset,
    basis,
    (dir) => BiEncoder.load(dir, { cacheDir: MEANS }),
    async () =>
      BiEncoder.fit(await pairs(), {
        ...options,
        cacheDir: MEANS,
        signal,
        onProgress,
        checkpoint: { dir: `${CACHE}/checkpoints/${kind}-${hashOf(basis)}` },
      }),
  );

/** Fits a second stage above a first one, or reads it where it was fitted before. */
export async function secondStage(
  { dataset }: Pick<Films, 'dataset'>,
  deep: Deep,
  biEncoder: BiEncoder,
  pairs: () => Promise<RequestPairs>,
  seed: number,
  { signal, onProgress }: LongCallOptions,
): Promise<CrossEncoder | LateCrossEncoder> {
  const { kind, options } = deep;
  const basis = [options, biEncoder.id, seed];
  const rest = {
    biEncoder,
    seed,
    signal,
    onProgress,
    checkpoint: { dir: `${CACHE}/checkpoints/narrative-${kind}-${hashOf(basis)}` },
  };
  if (kind === 'joint')
    return cachedModel(
      'narrative-cross',
      dataset,
      basis,
      (dir) => CrossEncoder.load(dir),
      async () => CrossEncoder.fit(await pairs(), { ...options, ...rest }),
    );
  return cachedModel(
    'narrative-late',
    dataset,
    basis,
    (dir) => LateCrossEncoder.load(dir, { cacheDir: MEANS }),
    async () => LateCrossEncoder.fit(await pairs(), { ...options, ...rest, cacheDir: MEANS }),
  );
}

/** A retriever over a test set's items by an encoder. */
export async function dense(
  set: TestSet,
  encoder: Parameters<typeof NarrativeRetriever.fit>[1]['encoder'],
  call: LongCallOptions,
): Promise<CatalogueScorer> {
  return NarrativeRetriever.fit(set.dataset, {
    encoder,
    texts: set.texts,
    space: 'raw',
    signal: call.signal,
  });
}

/** The data of a set with its texts as the only field that is read. */
const withTexts = ({ dataset, texts }: TestSet): Dataset => ({
  ...dataset,
  catalog: dataset.catalog.align(dataset.log.items).withText('all', texts),
});

/** BM25 on a set's texts. */
export const bm25 = (set: TestSet): Promise<Bm25Retriever> =>
  Bm25Retriever.fit(withTexts(set), { fields: ['all'] });

/** Settings of {@link bm25English}, for the keys of measurements that use it. */
export const ENGLISH = { words: 'english', k3: 2, leaveOut: SURROUNDINGS } as const;

/** BM25 on a set's texts for long requests in English: stems, and no words of the small talk around requests. */
export const bm25English = (set: TestSet): Promise<Bm25Retriever> =>
  Bm25Retriever.fit(withTexts(set), { fields: ['all'], ...ENGLISH });

/** Weights of words and vectors in {@link wordsAndVectors}, chosen by the train requests of tot-reddit. */
export const WORDS_AND_VECTORS = [1, 2] as const;

/** {@link bm25English} and vectors, fused by their scores. */
export const wordsAndVectors = async (set: TestSet, vectors: CatalogueScorer): Promise<Fusion> =>
  new Fusion([await bm25English(set), vectors], { method: 'scores', weights: [...WORDS_AND_VECTORS] });

/** The untuned encoder on a set's texts. */
export async function untuned(set: TestSet, call: LongCallOptions): Promise<TextRetriever> {
  return TextRetriever.fit(withTexts(set), {
    encoder: await benchmarkEncoder(),
    fields: ['all'],
    signal: call.signal,
  });
}

/** A scorer that is asked with the history instead of the request. */
export function byHistory(model: CatalogueScorer): CatalogueScorer {
  const asked = (queries: Parameters<CatalogueScorer['retrieve']>[0]) =>
    queries.map(({ exclude, ...query }) => ({ ...query, history: exclude }));
  return {
    name: model.name,
    items: model.items,
    favourites: model.favourites,
    provenance: model.provenance,
    fittedOn: model.fittedOn,
    retrieve: (queries, k, options) => model.retrieve(asked(queries), k, options),
    scoreAll: (queries, options) => model.scoreAll(asked(queries), options),
  };
}

/**
 * History and request fused, for requests of users: the weights for one half of the users are chosen by the answers of
 * the other half, so that nobody's own answers tell.
 */
export async function fusedByOthers(
  { requests }: Pick<TestSet, 'requests'>,
  history: CatalogueScorer,
  request: CatalogueScorer,
  call: LongCallOptions,
): Promise<Retriever> {
  const halfOf = new Map([...new Set(requests.map(({ user }) => user))].map((user, k) => [user, k % 2]));
  const fusions: RequestFusion[] = [];
  for (const half of [0, 1]) {
    const others = requests.filter(({ user }) => halfOf.get(user) !== half);
    fusions.push(
      await RequestFusion.fit(
        history,
        request,
        {
          queries: others.map(({ text, user, exclude }) => ({ text, user, exclude })),
          targets: others.map(({ targets }) => targets),
        },
        { signal: call.signal },
      ),
    );
  }
  return {
    name: `${history.name} + ${request.name}`,
    items: history.items,
    retrieve: async (queries, k, options) => {
      const lists: ScoredItem[][] = [];
      for (const [half, fusion] of fusions.entries()) {
        const own = queries.flatMap((query, q) => (halfOf.get(query.user) === half ? [q] : []));
        const found = await fusion.retrieve(
          own.map((q) => queries[q] ?? {}),
          k,
          options,
        );
        for (const [at, q] of own.entries()) lists[q] = found[at] ?? [];
      }
      return lists;
    },
  };
}
