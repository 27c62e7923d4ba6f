import { GRAPH_STUDY_MODELS, type GraphStudyModel } from '../graph-systems.js';
import type { Suite, SuiteSystem, SystemOptions } from '../suite.js';

/** Settings of the training that depend on the data: passes, batches, and validations without a gain before it stops. */
export interface GraphBudget {
  readonly epochs: number;
  readonly batchSize: number;
  readonly patience: number;
  /** Learning rates tried on the validation part. */
  readonly rates: readonly number[];
}

/** Budgets by data, the same with and without edges. */
export const GRAPH_BUDGETS = {
  giftcards: { epochs: 60, batchSize: 256, patience: 10, rates: [0.003, 0.01, 0.03] },
  movietweetings: { epochs: 12, batchSize: 2048, patience: 6, rates: [0.003, 0.01] },
  beauty: { epochs: 12, batchSize: 2048, patience: 4, rates: [0.01] },
} as const satisfies Readonly<Record<string, GraphBudget>>;

/** Options of each model, those of the paper but for the learning rate: one budget, with and without edges. */
export function graphOptions(model: GraphStudyModel, budget: Omit<GraphBudget, 'rates'>): SystemOptions {
  if (model === 'rp3-beta') return { model };
  const { epochs, batchSize, patience } = budget;
  if (model === 'light-gcn')
    return { model, dimension: 32, batchSize: 2 * batchSize, epochs: 2 * epochs, patience: 2 * patience };
  return {
    model,
    dimension: 32,
    dropout: 0.3,
    learningRate: 0.003,
    rateDecay: 0.96,
    batchSize,
    epochs,
    patience,
  };
}

/** Settings that are tried on the validation part: learning rates (LightGCN's are twice as high), or RP3beta's exponent of popularity and share of steps by edges. */
export function graphGrid(model: GraphStudyModel, { rates }: GraphBudget): readonly SystemOptions[] {
  if (model === 'rp3-beta')
    return [0.3, 0.6, 0.9].flatMap((beta) => [0.01, 0.1].map((edgeShare) => ({ beta, edgeShare })));
  return rates.map((rate) => ({ learningRate: model === 'light-gcn' ? 2 * rate : rate }));
}

function rows(budget: GraphBudget): SuiteSystem[] {
  return GRAPH_STUDY_MODELS.flatMap((model) =>
    [false, true].map((edges) => ({
      system: 'graph',
      label: edges ? `${model} + text edges` : model,
      options: { ...graphOptions(model, budget), edges },
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
  systems: rows(GRAPH_BUDGETS.movietweetings),
};

/** The same on Amazon Beauty. */
export const beautyGraph: Suite = {
  ...SHARED,
  name: 'beauty-graph',
  title: 'Graph recommenders on Amazon Beauty 2014, 5-core, with and without text edges',
  data: 'beauty',
  systems: rows(GRAPH_BUDGETS.beauty),
};

/** The same on Amazon Gift Cards, whose reviews are part of the texts. */
export const giftCardsGraph: Suite = {
  ...SHARED,
  name: 'gift-cards-graph',
  title: 'Graph recommenders on Amazon Gift Cards 2018, 5-core, with and without text edges of reviews',
  data: 'giftcards',
  systems: rows(GRAPH_BUDGETS.giftcards),
};
