import {
  type Dataset,
  InvalidInputError,
  joinProvenance,
  Pipeline,
  type Provenance,
  type Retriever,
} from '@palate/core';
import { loadUserKnowledge, userProvenance } from '@palate/dataset-movietweetings';
import { methodOf } from '@palate/engine';
import { LocalRanker } from '@palate/llm-rank';
import { SasRec } from '@palate/sequential';
import type { TextFamily } from './item-texts.js';
import { benchmarkContext, type FitContext } from './method-context.js';
import type { SystemOptions } from './suite.js';

/**
 * Semantic-KNN: items whose texts are nearest to those of the history. `text` names the families, joined by `+`;
 * `query: 'keywords'` asks with the user's recorded keywords instead, which were written from the early history.
 */
export async function fitTextKnn(
  dataset: Dataset,
  options: SystemOptions,
  context: FitContext,
): Promise<Retriever> {
  const { text, query = 'history', ...rest } = options;
  const families = text === undefined ? undefined : (String(text).split('+') as TextFamily[]);
  const inputs = await benchmarkContext(dataset, context, { families });
  const retriever = await methodOf('text-knn').fit(dataset, rest, inputs);
  if (query !== 'keywords') return retriever;
  const { keywords, provenance } = await profileKeywords();
  return {
    name: retriever.name,
    items: retriever.items,
    provenance: joinProvenance([...(retriever.provenance ? [retriever.provenance] : []), provenance]),
    retrieve: (queries, k, retrieveOptions) =>
      retriever.retrieve(
        queries.map(({ user, history, ...others }) => ({
          ...others,
          exclude: [...Array.from(history ?? []), ...Array.from(others.exclude ?? [])],
          text: keywords.get(user ?? '') ?? '',
        })),
        k,
        retrieveOptions,
      ),
  };
}

/** Recorded keywords of each user of the bundled data, with what their writer saw. */
async function profileKeywords(): Promise<{
  readonly keywords: ReadonlyMap<string, string>;
  readonly provenance: Provenance;
}> {
  const records = await loadUserKnowledge();
  return {
    keywords: new Map(records.map(({ user, keywords }) => [user, keywords.join(', ')] as const)),
    provenance: userProvenance(records),
  };
}

/** SASRec as the benchmark's tables have it, kept once it is fitted. */
export async function benchmarkSasRec(dataset: Dataset, context: FitContext): Promise<SasRec> {
  const model = await (await benchmarkContext(dataset, context)).other('sasrec');
  if (model instanceof SasRec) return model;
  throw new InvalidInputError({
    expected: 'SASRec',
    received: model.name,
    hint: 'Fit sasrec of the registry: methodOf(sasrec).',
  });
}

/** PALR on the local ranker. `version` 1 recommends without candidates, 2 ranks the fifty best of SASRec. */
export async function fitPalr(
  dataset: Dataset,
  options: SystemOptions,
  context: FitContext,
): Promise<Retriever> {
  const { version = 2, order = 'fused', ...rest } = options;
  const { ranker, retriever } = await fitLocalRanker(dataset, { ...rest, version }, context);
  if (version === 1) return ranker;
  const weight = order === 'fused' ? ranker.orderWeight : 0;
  return new Pipeline(
    retriever,
    [
      {
        name: ranker.name,
        provenance: ranker.provenance,
        fittedOn: ranker.fittedOn,
        rank: (queries, candidates, k, rankOptions) =>
          ranker.rank(queries, candidates, k, { ...rankOptions, orderWeight: weight }),
      },
    ],
    { candidates: 50 },
  );
}

/** The local ranker with the retriever that its candidates come from. */
export async function fitLocalRanker(
  dataset: Dataset,
  options: SystemOptions,
  context: FitContext,
): Promise<{ readonly ranker: LocalRanker; readonly retriever: SasRec }> {
  const { version = 2, ...rest } = options;
  const { keywords: profiles, provenance: profileProvenance } = await profileKeywords();
  const inputs = await benchmarkContext(dataset, context, { profiles, profileProvenance });
  const retriever = await inputs.other('sasrec');
  const tasks = version === 1 ? ['recommend'] : ['recommend', 'recommend-retrieval'];
  const ranker = await inputs.keep(`palr-v${version}`, [rest, context.seed ?? 0], {
    load: (dir) => LocalRanker.load(dir),
    fit: async () => methodOf('palr-local').fit(dataset, { ...rest, tasks }, inputs),
  });
  if (retriever instanceof SasRec && ranker instanceof LocalRanker) return { ranker, retriever };
  throw new InvalidInputError({
    expected: 'SASRec and a local ranker',
    received: `${retriever.name} and ${ranker.name}`,
    hint: 'Leave orderWeight out of the options of the row.',
  });
}
