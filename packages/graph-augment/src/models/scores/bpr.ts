import { dot } from '../comparisons.js';
import type { ScoringFunction } from '../scoring-function.js';

/** Inner product of head and tail, whatever the relation. */
export const bpr: ScoringFunction = {
  label: 'BPR',
  about: '`h t`, blind to relations (Rendle et al. 2009, here with the loss of all models)',
  relationTables: {},
  left: ({ head }) => head,
  right: (tail) => tail,
  comparison: dot,
};
