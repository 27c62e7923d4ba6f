import { normal, ones } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { squaredDistance, squaredHyperbolicDistance } from '../comparisons.js';
import { expAtOrigin, mobiusAdd } from '../poincare-ball.js';
import { rowsOf, type ScoringFunction } from '../scoring-function.js';

const relationTables: ScoringFunction['relationTables'] = {
  transform: { columns: (width) => width, initializer: ones },
  translation: { columns: (width) => width, initializer: normal(0.01) },
};

/** A relation stretches heads and moves tails. */
export const murEuclidean: ScoringFunction = {
  label: 'MuR (Euclidean)',
  about: '`-|R h - (t + r)|^2` with diagonal `R` (Balažević et al. 2019)',
  relationTables,
  left: ({ head, relation }) => tf.mul(rowsOf(relation, 'transform'), head),
  right: (tail, relation) => tf.add(tail, rowsOf(relation, 'translation')),
  comparison: squaredDistance,
};

/**
 * The same in the Poincaré ball. Heads, tails and translations are kept as tangent vectors at the origin, so that the
 * logarithm of a head is the parameter itself.
 */
export const murHyperbolic: ScoringFunction = {
  label: 'MuR (hyperbolic)',
  about: '`-d(exp(R log h), t + r)^2` with Möbius addition in the Poincaré ball (Balažević et al. 2019)',
  relationTables,
  left: ({ head, relation }) => expAtOrigin(tf.mul(rowsOf(relation, 'transform'), head)),
  right: (tail, relation) => mobiusAdd(expAtOrigin(tail), expAtOrigin(rowsOf(relation, 'translation'))),
  comparison: squaredHyperbolicDistance,
};
