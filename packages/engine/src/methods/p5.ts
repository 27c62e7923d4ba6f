import { defineOptions } from '@palate/core';
import { P5, P5_OPTIONS } from '@palate/llm-rank';
import { trainingOptions } from './fit-options.js';
import type { Method } from './method.js';

// Texts, semantic IDs and the log before the split are given in code, not in a configuration.
const {
  texts: _texts,
  textProvenance: _provenance,
  semanticIds: _ids,
  wholeLog: _log,
  ...OWN
} = P5_OPTIONS.declarations;

/** P5: one text-to-text model that names the next item, ranks, and predicts ratings. */
export const p5: Method = {
  key: 'p5',
  title: 'one text-to-text model for several tasks',
  package: '@palate/llm-rank',
  kind: 'retriever',
  options: defineOptions('p5', OWN),
  deterministic: false,
  needs: ['history', 'training'],
  defaults: {
    full: {
      itemIds: 'independent',
      userIds: 'independent',
      epochs: 10,
      draws: { 'choose-next': 0.2, 'direct-choose': 0.2 },
    },
    quick: {
      itemIds: 'independent',
      families: ['sequential'],
      draws: { next: 1, 'choose-next': 0, 'is-next': 0 },
      epochs: 1,
      width: 16,
      heads: 2,
      inner: 32,
      layers: 1,
      batchSize: 64,
      beams: 6,
    },
  },
  fit: (dataset, settings, context) => {
    const { validation: _, ...call } = trainingOptions(context);
    return P5.fit(dataset, { ...settings, ...call });
  },
  load: (dir) => P5.load(dir),
};
