import { defineOptions, option } from '@palate/core';
import {
  GRAPH_MODELS,
  GRAPH_RECOMMENDER,
  GraphRecommender,
  type ItemRelation,
  LIGHT_GCN,
  LightGcn,
  RP3_BETA,
  Rp3Beta,
  textSimilarityEdges,
} from '@palate/graph-augment';
import { callOptions, trainingOptions } from './fit-options.js';
import type { FitContext, Method, MethodSettings } from './method.js';

/** The option of graph methods that says what joins items beside people. */
const EDGES = option.choice(['text', 'none'])({
  default: 'text',
  doc: 'edges between items: similar texts, or none',
});

const { relations: _, attributes: __, ...OWN } = GRAPH_RECOMMENDER.declarations;
const { relations: ___, ...OF_GCN } = LIGHT_GCN.declarations;
const { relations: ____, ...OF_WALK } = RP3_BETA.declarations;

const GRAPH = defineOptions('graph', {
  edges: EDGES,
  ...OWN,
  model: option.choice(GRAPH_MODELS)({ default: 'mur', doc: 'the scoring function' }),
});
const GCN = defineOptions('light-gcn', { edges: EDGES, ...OF_GCN });
const WALK = defineOptions('rp3-beta', { edges: EDGES, ...OF_WALK });

/** Edges between items whose texts are alike, where the settings ask for them. */
async function relationsOf(
  { edges }: MethodSettings,
  items: Parameters<Method['fit']>[0]['log']['items'],
  context: FitContext,
): Promise<readonly ItemRelation[] | undefined> {
  if (EDGES.check('edges', edges ?? 'text') === 'none') return undefined;
  const vectors = (await context.itemVectors()).align(items);
  // The scale of an encoder is its own: classes are bounded by its own distances.
  const { relations } = await textSimilarityEdges(vectors, {
    thresholds: 'quantile',
    signal: context.signal,
  });
  return relations;
}

const without = ({ edges: _edges, ...rest }: MethodSettings): MethodSettings => rest;

/** A recommender that learns the edges between people, items and texts that are alike. */
export const graph: Method = {
  key: 'graph',
  title: 'edges between people and items, and between similar texts',
  package: '@palate/graph-augment',
  kind: 'retriever',
  options: GRAPH,
  deterministic: false,
  needs: ['history', 'item texts', 'training'],
  defaults: {
    full: { epochs: 20, dropout: 0.3, learningRate: 0.005 },
    quick: { epochs: 1, learningRate: 0.005 },
  },
  fit: async (dataset, settings, context) =>
    GraphRecommender.fit(dataset, {
      ...without(settings),
      model: GRAPH.declarations.model.check('model', settings.model ?? 'mur'),
      relations: await relationsOf(settings, dataset.log.items, context),
      ...trainingOptions(context),
    }),
  load: (dir) => GraphRecommender.load(dir),
};

/** LightGCN, which serves the history of a query without another training. */
export const lightGcn: Method = {
  key: 'light-gcn',
  title: 'vectors averaged along the edges of the graph',
  package: '@palate/graph-augment',
  kind: 'retriever',
  options: GCN,
  deterministic: false,
  needs: ['history', 'item texts', 'training'],
  defaults: { full: { epochs: 40 }, quick: { epochs: 1 } },
  fit: async (dataset, settings, context) =>
    LightGcn.fit(dataset, {
      ...without(settings),
      relations: await relationsOf(settings, dataset.log.items, context),
      ...trainingOptions(context),
    }),
  load: (dir) => LightGcn.load(dir),
};

/** RP3beta, which walks on the graph. */
export const rp3Beta: Method = {
  key: 'rp3-beta',
  title: 'walks on the graph, divided by popularity',
  package: '@palate/graph-augment',
  kind: 'retriever',
  options: WALK,
  deterministic: true,
  needs: ['history', 'item texts'],
  zeroIsNothing: true,
  fit: async (dataset, settings, context) =>
    Rp3Beta.fit(dataset, {
      ...without(settings),
      relations: await relationsOf(settings, dataset.log.items, context),
      ...callOptions(context),
    }),
  load: (dir) => Rp3Beta.load(dir),
};
