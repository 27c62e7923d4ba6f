import { ones } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { dot } from '../comparisons.js';
import { rowsOf, type ScoringFunction } from '../scoring-function.js';

/** A weighted inner product: each relation weighs the coordinates. */
export const distMult: ScoringFunction = {
  label: 'DistMult',
  about: '`sum(h r t)` (Yang et al. 2015)',
  relationTables: { weight: { columns: (width) => width, initializer: ones } },
  left: ({ head, relation }) => tf.mul(head, rowsOf(relation, 'weight')),
  right: (tail) => tail,
  comparison: dot,
};
