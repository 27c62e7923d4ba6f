import {
  defineOptions,
  InteractionLog,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  type SettingsOf,
} from '@palate/core';
import { SHAPE, trainingOptions } from '@palate/nn';
import type { AttributeEdges } from '../edges/attribute-edges.js';
import type { ItemRelation } from '../graph/relation-graph.js';
import { GRAPH_MODELS, SCORING_FUNCTIONS } from './scores/index.js';

/** The option of graph models that takes edges between items. */
export const RELATIONS = option
  .value<readonly ItemRelation[]>(
    'a list of relations, each with name and edges',
    (value) =>
      Array.isArray(value) &&
      value.every((each: unknown) => {
        const { name, edges } = (each ?? {}) as Partial<ItemRelation>;
        return typeof name === 'string' && typeof edges?.identity === 'function';
      }),
  )
  .optional({
    doc: 'edges between items, from `textSimilarityEdges` or another source',
    identity: (relations) => relations.map(({ name, edges }) => [name, edges.identity()]),
  });

/** The option that takes held-out interactions. */
export const VALIDATION = option
  .value<InteractionLog>('an interaction log', (value) => value instanceof InteractionLog)
  .optional({
    doc: "held-out interactions with the training log's id maps: measured after each epoch, full ranking",
  });

const SERVING = {
  foldInSteps: option.integer({ min: 1, max: 10_000 })({
    default: 50,
    doc: 'optimisation steps for the vector of a user not seen in training',
  }),
  updateSteps: option.integer({ min: 0, max: 10_000 })({
    default: 3,
    doc: 'optimisation steps that update the vector of a trained user whose history has changed; 0 to use the trained vector, as the paper does',
  }),
  foldInRate: option.number({ min: 0 })({ default: 0.05, doc: 'size of these steps' }),
} as const;

/** Options of {@link GraphRecommender.load}: settings of serving in place of those of the fit. */
export const GRAPH_SERVING = defineOptions('GraphRecommender.load', SERVING);

/** Options of {@link GraphRecommender.load}; {@link GRAPH_SERVING} says what each does. */
export type GraphServingOptions = OptionsOf<typeof GRAPH_SERVING.declarations>;

const LASTING = {
  model: option.choice(GRAPH_MODELS).required({ doc: 'the scoring function' }),
  dimension: SHAPE.width({ default: 32, doc: 'width of the vectors' }),
  deviation: option.number({ min: 0 })({
    default: 0.1,
    doc: 'standard deviation of the initial vectors',
  }),
  inverses: option.boolean()({ default: true, doc: 'whether inverse relations are added' }),
  negatives: option.choice(['same-kind', 'all-entities'])({
    default: 'same-kind',
    doc: "what negative tails are drawn from: entities of the type of the true one (items for interactions), or, as in the paper, `'all-entities'`, most of which are easy to recognise",
  }),
  negativesPerTriple: option.integer({ min: 1, max: 1024 })({ default: 1, doc: 'negative tails per edge' }),
  loss: option.choice(['logistic', 'pairwise'])({
    default: 'logistic',
    doc: "`'logistic'` of true and false triples, or `'pairwise'` of their difference (BPR)",
  }),
  dropout: SHAPE.dropout({
    default: 0,
    doc: 'share of the vectors’ values dropped',
  }),
  ...SERVING,
} as const;

/** Options of {@link GraphRecommender.fit}. */
export const GRAPH_RECOMMENDER = defineOptions('GraphRecommender.fit', {
  ...LASTING,
  relations: RELATIONS,
  attributes: option
    .value<readonly AttributeEdges[]>('a list of attribute edges', Array.isArray)
    .optional({ doc: 'edges from items to shared values, from `attributeEdges`' }),
  ...trainingOptions({
    learningRate: 1e-3,
    weightDecay: 0,
    batchSize: { default: 1024, doc: 'edges a step' },
    epochs: { default: 50, doc: 'most epochs', identity: () => undefined },
    patience: 10,
  }),
  rateDecay: option.number({ min: 0.01, max: 1 })({
    default: 1,
    doc: 'factor of the learning rate after each epoch, down to 1e-5',
  }),
  validation: VALIDATION,
  stopBy: option.choice(['hr@10', 'ndcg@10'])({
    default: 'hr@10',
    doc: 'metric of the validation that early stopping follows',
  }),
});

/** Options of {@link GraphRecommender.fit}; {@link GRAPH_RECOMMENDER} says what each does. */
export type GraphRecommenderOptions = OptionsOf<typeof GRAPH_RECOMMENDER.declarations> & LongCallOptions;

/** Options with their defaults. */
export type GraphSettings = SettingsOf<typeof GRAPH_RECOMMENDER.declarations>;

/** Settings that serving needs, as artifacts keep them. */
export const SAVED_GRAPH = defineOptions('GraphRecommender', {
  ...LASTING,
  seed: option.integer({ min: 0 }).required({ doc: 'seed of the fit' }),
});

/** Settings that serving needs. */
export type SavedGraphSettings = SettingsOf<typeof SAVED_GRAPH.declarations>;

/**
 * Options as in arXiv 2109.09358: width 32, logistic loss with one negative drawn over all entities, dropout .3, a
 * learning rate that falls by .96, early stopping on HR@10. (The paper tries rates of 1e-3, 5e-4, 1e-4 and batches of 512,
 * 1024, 2048.) Users are served with their trained vectors.
 */
export const PAPER_MODE = {
  dimension: 32,
  negatives: 'all-entities',
  negativesPerTriple: 1,
  loss: 'logistic',
  dropout: 0.3,
  learningRate: 1e-3,
  rateDecay: 0.96,
  batchSize: 1024,
  patience: 10,
  stopBy: 'hr@10',
  updateSteps: 0,
} as const satisfies Partial<GraphRecommenderOptions>;

/** Refuses a width that the scoring function cannot take. */
export function checkWidth({ model, dimension }: Pick<SavedGraphSettings, 'model' | 'dimension'>): void {
  const { needsEvenWidth, label } = SCORING_FUNCTIONS[model] as { needsEvenWidth?: boolean; label: string };
  if (needsEvenWidth && dimension % 2 !== 0)
    throw new InvalidInputError({
      expected: `an even dimension for ${label}, whose coordinates form pairs`,
      received: String(dimension),
      hint: `Pass ${dimension + 1} or ${dimension - 1} as dimension.`,
    });
}
