import { squaredHyperbolicDistance } from '../comparisons.js';
import { expAtOrigin } from '../poincare-ball.js';
import type { ScoringFunction } from '../scoring-function.js';

/** Distance of head and tail in the Poincaré ball, whatever the relation. */
export const hyperMl: ScoringFunction = {
  label: 'HyperML',
  about: '`-d(h, t)^2` in the Poincaré ball, blind to relations (Vinh Tran et al. 2020)',
  relationTables: {},
  left: ({ head }) => expAtOrigin(head),
  right: (tail) => expAtOrigin(tail),
  comparison: squaredHyperbolicDistance,
};
