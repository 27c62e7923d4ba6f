import { normal } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { squaredDistance } from '../comparisons.js';
import { attended, reflected, rotated } from '../givens.js';
import { rowsOf, type ScoringFunction } from '../scoring-function.js';

/** A relation rotates and reflects heads, attends to both and moves the mean. */
export const rotRef: ScoringFunction = {
  label: 'RotRef',
  about:
    '`-|att(rot(h), ref(h); a) + r - t|^2`: rotation and reflection of pairs of coordinates, weighted by attention (Chami et al. 2020, Euclidean)',
  needsEvenWidth: true,
  relationTables: {
    rotation: { columns: (width) => width / 2, initializer: normal(0.1) },
    reflection: { columns: (width) => width / 2, initializer: normal(0.1) },
    attention: { columns: (width) => width, initializer: normal(0.01) },
    translation: { columns: (width) => width, initializer: normal(0.01) },
  },
  left: ({ head, relation }) =>
    tf.add(
      attended(
        [rotated(head, rowsOf(relation, 'rotation')), reflected(head, rowsOf(relation, 'reflection'))],
        rowsOf(relation, 'attention'),
      ),
      rowsOf(relation, 'translation'),
    ),
  right: (tail) => tail,
  comparison: squaredDistance,
};
