import type { CatalogueScorer, Dataset, LongCallOptions } from '@palate/core';
import {
  BiEncoder,
  type BiEncoderOptions,
  clausePairs,
  crossFittedLikelihoods,
  keepLikely,
  NarrativeRetriever,
  type RequestPairs,
  T5Likelihood,
  textsOfPairs,
  UnigramLikelihood,
} from '@palate/narrative';
import { Bm25Retriever, TextRetriever } from '@palate/retrievers';
import { benchmarkEncoder, CACHE } from '../item-texts.js';
import { cachedModel } from '../model-cache.js';
import { hashOf } from '../results.js';
import type { Films, TestSet } from './narrative-data.js';
import type { Filter, Training } from './narrative-extent.js';

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
