import { type Dataset, fingerprint, type LongCallOptions, unknownName } from '@palate/core';
import {
  GRAPH_MODELS,
  type GraphModel,
  GraphRecommender,
  type GraphServingOptions,
  type ItemRelation,
  itemTextVectors,
  LightGcn,
  type Review,
  Rp3Beta,
  textSimilarityEdges,
} from '@palate/graph-augment';
import { benchmarkEncoder, defaultFamilies, itemVectors } from './item-texts.js';
import type { FitContext } from './method-context.js';
import { readFolderLines } from './prepare.js';
import type { SystemOptions } from './suite.js';

/** Keys of the models of a graph study, in the order of its table. */
export const GRAPH_STUDY_MODELS = [...GRAPH_MODELS, 'light-gcn', 'rp3-beta'] as const;

/** Key of a model of a graph study. */
export type GraphStudyModel = (typeof GRAPH_STUDY_MODELS)[number];

const isGiftCards = (dataset: Dataset): boolean => dataset.name.includes('Gift Cards');

/** Edges of a data set's texts with what was counted on the way. */
export interface TextEdges {
  readonly relations: readonly ItemRelation[];
  readonly notes: Readonly<Record<string, number>>;
}

const KEPT = new Map<string, Promise<TextEdges>>();

/**
 * Edges of the texts of a data set: Gift Cards by metadata and training reviews, as in the paper; the others by their
 * catalogue, MovieTweetings with recorded knowledge. Classes are bounded by quantiles, since use-lite has another scale
 * than the paper's encoder.
 *
 * @param training - the data set with its training log alone
 */
export function textEdges(training: Dataset, options: LongCallOptions): Promise<TextEdges> {
  const key = JSON.stringify([training.name, fingerprint(training.log)]);
  const kept = KEPT.get(key) ?? makeEdges(training, options);
  KEPT.set(key, kept);
  return kept;
}

async function makeEdges(training: Dataset, options: LongCallOptions): Promise<TextEdges> {
  if (!isGiftCards(training)) {
    const vectors = await itemVectors(training, defaultFamilies(training), options);
    const { relations, pairs, withoutText } = await textSimilarityEdges(vectors, { thresholds: 'quantile' });
    return { relations, notes: { ...pairs, withoutText } };
  }
  const { catalog, log } = training;
  const fields = ['title', 'description', 'categories'].filter((field) => catalog.fields.includes(field));
  const records = await readFolderLines('amazon-giftcards-2018', 'Gift_Cards_5.json');
  const reviews = records.map(
    (record): Review => ({
      user: String(record.reviewerID),
      item: String(record.asin),
      text: String(record.reviewText ?? ''),
      timestamp: Number(record.unixReviewTime),
    }),
  );
  const { table, report } = await itemTextVectors(
    {
      training: log,
      metadata: Array.from({ length: log.items.size }, (_, item) => catalog.itemText(item, fields)),
      metadataProvenance: catalog.provenanceOf(fields),
      reviews,
    },
    await benchmarkEncoder(),
    { signal: options.signal },
  );
  const { relations, pairs, withoutText } = await textSimilarityEdges(table, { thresholds: 'quantile' });
  return {
    relations,
    notes: { ...pairs, withoutText, reviews: report.used, strippedReviews: report.stripped },
  };
}

/**
 * A graph model with or without edges of texts.
 *
 * @throws InvalidInputError for a model that there is not
 */
export async function fitGraphModel(
  dataset: Dataset,
  options: SystemOptions,
  context: LongCallOptions & Partial<Pick<FitContext, 'validation' | 'checkpoints'>>,
): Promise<GraphRecommender | LightGcn | Rp3Beta> {
  const { model, edges = false, ...rest } = options;
  const { signal, onProgress, seed = 0, validation, checkpoints } = context;
  const call = { signal, onProgress, seed };
  const relations = edges ? (await textEdges(dataset, call)).relations : undefined;
  const given = {
    ...rest,
    relations,
    ...call,
    validation,
    checkpoint: checkpoints === undefined ? undefined : { dir: checkpoints },
  };
  if (model === 'light-gcn') return LightGcn.fit(dataset, given);
  if (model === 'rp3-beta') return Rp3Beta.fit(dataset, { ...rest, relations, ...call });
  if (!GRAPH_MODELS.includes(model as GraphModel))
    throw unknownName('a graph model', model, GRAPH_STUDY_MODELS);
  return GraphRecommender.fit(dataset, { ...given, model: model as GraphModel });
}

/** Reads what {@link fitGraphModel} made and saved. */
export function loadGraphModel(
  model: GraphStudyModel,
  dir: string,
  serving: GraphServingOptions = {},
): Promise<GraphRecommender | LightGcn | Rp3Beta> {
  if (model === 'light-gcn') return LightGcn.load(dir);
  return model === 'rp3-beta' ? Rp3Beta.load(dir) : GraphRecommender.load(dir, serving);
}
