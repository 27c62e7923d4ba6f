import { normal } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { squaredDistance } from '../comparisons.js';
import { rowsOf, type ScoringFunction, type TableRows } from '../scoring-function.js';

/** `x` without its part along the unit normal of a relation's hyperplane. */
function onHyperplane(x: tf.Tensor, relation: TableRows): tf.Tensor {
  const given = rowsOf(relation, 'normal');
  const unit = tf.div(given, tf.sqrt(tf.add(tf.sum(tf.square(given), -1, true), 1e-12)));
  return tf.sub(x, tf.mul(tf.sum(tf.mul(x, unit), -1, true), unit));
}

/** A relation moves heads to their tails on a hyperplane of its own. */
export const transH: ScoringFunction = {
  label: 'TransH',
  about:
    "`-|h' + r - t'|^2` with `x' = x - (w x) w` on the hyperplane of the unit normal `w` (Wang et al. 2014)",
  relationTables: {
    translation: { columns: (width) => width, initializer: normal(0.01) },
    normal: { columns: (width) => width, initializer: normal(1) },
  },
  left: ({ head, relation }) => tf.add(onHyperplane(head, relation), rowsOf(relation, 'translation')),
  right: onHyperplane,
  comparison: squaredDistance,
};
