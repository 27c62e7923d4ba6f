import { GRAPH_STUDY_MODELS, type GraphStudyModel } from '../graph-systems.js';
import type { Suite, SuiteSystem, SystemOptions } from '../suite.js';

/** Options of each model: those of a kind have one budget, with and without edges. */
export function graphOptions(model: GraphStudyModel, epochs: number, batchSize: number): SystemOptions {
  if (model === 'rp3-beta') return { model };
  if (model === 'light-gcn')
    return { model, dimension: 32, batchSize: 2 * batchSize, epochs: 2 * epochs, patience: 10 };
  return {
    model,
    dimension: 32,
    dropout: 0.3,
    learningRate: 0.003,
    rateDecay: 0.96,
    batchSize,
    epochs,
    patience: 5,
  };
}

function rows(epochs: number, batchSize: number): SuiteSystem[] {
  return GRAPH_STUDY_MODELS.flatMap((model) =>
    [false, true].map((edges) => ({
      system: 'graph',
      label: edges ? `${model} + text edges` : model,
      options: { ...graphOptions(model, epochs, batchSize), edges },
      seeds: model === 'rp3-beta' ? [0] : undefined,
    })),
  );
}

const SHARED = {
  split: 'leave-one-out',
  metrics: ['ndcg@10', 'hr@1', 'hr@3', 'hr@10', 'mrr'],
  selectBy: 'ndcg@10',
  seeds: [0, 1, 2],
  note: 'Width 32 and one budget for all graph models; edges between items of alike texts, of training alone, as three relations. The studies of graph augmentation have paired tests and slices by degree.',
} as const;

/** Graph recommenders with and without text edges on the bundled data. */
export const movietweetingsGraph: Suite = {
  ...SHARED,
  name: 'movietweetings-graph',
  title: 'Graph recommenders on MovieTweetings 100K, 5-core, with and without text edges',
  data: 'bundled',
  systems: rows(30, 1024),
};

/** The same on Amazon Beauty. */
export const beautyGraph: Suite = {
  ...SHARED,
  name: 'beauty-graph',
  title: 'Graph recommenders on Amazon Beauty 2014, 5-core, with and without text edges',
  data: 'beauty',
  systems: rows(30, 1024),
};

/** The same on Amazon Gift Cards, whose reviews are part of the texts. */
export const giftCardsGraph: Suite = {
  ...SHARED,
  name: 'gift-cards-graph',
  title: 'Graph recommenders on Amazon Gift Cards 2018, 5-core, with and without text edges of reviews',
  data: 'giftcards',
  systems: rows(60, 128),
};
