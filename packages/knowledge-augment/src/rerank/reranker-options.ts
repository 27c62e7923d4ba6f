import { defineOptions, type LongCallOptions, type OptionsOf, option } from '@palate/core';
import { trainingOptions } from '@palate/nn';
import { ENTITY_OPTIONS, ENTITY_TRAINING } from '../ctr/ctr-options.js';
import { LIST_MODELS, type ListModelName } from './list-models.js';
import type { RerankLists } from './rerank-lists.js';

/** Options of `Reranker.fit`. */
export const RERANKER = defineOptions('Reranker.fit', {
  model: option.choice(Object.keys(LIST_MODELS) as ListModelName[]).required({ doc: 'which list model' }),
  ...ENTITY_OPTIONS,
  validation: option
    .value<RerankLists>('lists', (value) => typeof value === 'object' && value !== null)
    .optional({ doc: 'lists for early stopping' }),
  historyLength: option.integer({ min: 1, max: 10_000 })({
    default: 4,
    doc: 'number of newest items of a history',
  }),
  ...trainingOptions({
    ...ENTITY_TRAINING,
    batchSize: { default: 64, doc: 'lists a step' },
    epochs: { default: 15, doc: 'most passes over the lists' },
  }),
});

/** Options of {@link Reranker.fit}. */
export type RerankerOptions = OptionsOf<typeof RERANKER.declarations> & LongCallOptions;

/** Options with their defaults, as a re-ranker keeps them, with the length of its lists. */
export type RerankerConfig = ReturnType<typeof RERANKER.settings> & { readonly length: number };
