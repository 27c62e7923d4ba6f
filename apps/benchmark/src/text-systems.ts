import { type Dataset, joinProvenance, Pipeline, type Provenance, type Retriever } from '@palate/core';
import { loadUserKnowledge, userProvenance } from '@palate/dataset-movietweetings';
import { joinVectors, reduceVectors } from '@palate/llm';
import { LocalRanker } from '@palate/llm-rank';
import { TextRetriever } from '@palate/retrievers';
import {
  CODEBOOKS,
  type CodebookClass,
  type CodebookKind,
  RqVae,
  SemanticIds,
  Tiger,
} from '@palate/semantic-id';
import { SasRec } from '@palate/sequential';
import { type FitContext, shared, trained } from './fit-context.js';
import { benchmarkEncoder, defaultFamilies, isBundled, itemVectors, type TextFamily } from './item-texts.js';
import { cachedModel } from './model-cache.js';
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
  const families = text === undefined ? defaultFamilies(dataset) : (String(text).split('+') as TextFamily[]);
  const retriever = await TextRetriever.fit(dataset, {
    ...rest,
    encoder: await benchmarkEncoder(),
    vectors: await itemVectors(dataset, families, shared(context)),
    ...shared(context),
  });
  if (query !== 'keywords') return retriever;
  const { keywords, provenance } = await profileKeywords();
  return {
    name: retriever.name,
    items: retriever.items,
    provenance: joinProvenance([retriever.provenance, provenance]),
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

/**
 * TIGER on semantic IDs of the item texts. `codebook` names the kind of IDs, RQ-VAE by default; `coUse` above 0 adds the
 * item vectors of SASRec, fitted on the same training data, with this weight against the text's.
 */
export async function fitTiger(
  dataset: Dataset,
  options: SystemOptions,
  context: FitContext,
): Promise<Retriever> {
  const { codebook = 'rq-vae', coUse = 0, ...rest } = options;
  const ids = await semanticIds(dataset, String(codebook) as CodebookKind, Number(coUse), context);
  return Tiger.fit(dataset, { ...rest, ids, ...trained(context) });
}

/** Semantic IDs of all items of a data set, kept once they are made. */
function semanticIds(
  dataset: Dataset,
  kind: CodebookKind,
  coUse: number,
  context: FitContext,
): Promise<SemanticIds> {
  const { seed = 0 } = context;
  return cachedModel(
    `ids-${kind}`,
    dataset,
    [kind, seed, 'use-lite', coUse],
    (dir) => SemanticIds.load(dir),
    async () => {
      const texts = await itemVectors(dataset, defaultFamilies(dataset), shared(context));
      const table =
        coUse > 0
          ? joinVectors([
              { table: texts },
              { table: await (await benchmarkSasRec(dataset, context)).itemVectors(), weight: coUse },
            ])
          : texts;
      const own = { seed, signal: context.signal };
      const codebook: CodebookClass = CODEBOOKS[kind];
      const fitted =
        kind === 'rq-vae' ? RqVae.fit(table, { ...own, batchSize: 512 }) : codebook.fit(table, own);
      return SemanticIds.assign(await fitted, table, { encoder: 'use-lite' });
    },
  );
}

/** Options of SASRec with cross-entropy in the tables: of the bundled data, and of sparse data such as Amazon's. */
const SASREC = { epochs: 60, batchSize: 64, learningRate: 0.002 } as const;
const SPARSE_SASREC = { epochs: 40, dropout: 0.5, learningRate: 0.002, patience: 4 } as const;

/** SASRec as the benchmark's tables have it, kept once it is fitted. */
export function benchmarkSasRec(dataset: Dataset, context: FitContext): Promise<SasRec> {
  const options = isBundled(dataset) ? SASREC : SPARSE_SASREC;
  return cachedModel(
    'sasrec',
    dataset,
    [options, context.seed ?? 0],
    (dir) => SasRec.load(dir),
    () =>
      SasRec.fit(dataset, {
        ...options,
        ...trained({ ...context, checkpoints: `${context.checkpoints}-sasrec` }),
      }),
  );
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
  const retriever = await benchmarkSasRec(dataset, context);
  const ranker = await cachedModel(
    `palr-v${version}`,
    dataset,
    [rest, context.seed ?? 0],
    (dir) => LocalRanker.load(dir),
    async () => {
      const vectors = await itemVectors(dataset, defaultFamilies(dataset), shared(context));
      const { keywords: profiles, provenance: profileProvenance } = await profileKeywords();
      return LocalRanker.fit(dataset, {
        ...rest,
        tasks: version === 1 ? ['recommend'] : ['recommend', 'recommend-retrieval'],
        profiles,
        profileProvenance,
        vectors: reduceVectors(vectors, { width: 64 }),
        retriever,
        ...trained(context),
      });
    },
  );
  return { ranker, retriever };
}
