import { normal, ones, zeros } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { squaredDistance } from '../comparisons.js';
import { attended, reflected, rotated } from '../givens.js';
import { rowsOf, type ScoringFunction } from '../scoring-function.js';

/**
 * Users attend to relations. On the left rotation, reflection and stretching of the head are weighted by an attention of
 * the relation. On the right the tail is moved by its relation; where a user interacts with an item, by a blend of that
 * relation and the mean of all of them, weighted by the user's own attention.
 *
 * The attention over `t + r_k` is one over `r_k` alone, since the user's product with `t` is the same for all `k`: so
 * the blend does not depend on the tail, and moves the left side the other way instead.
 */
export const userAttentive: ScoringFunction = {
  label: 'UserAttentive',
  about:
    '`-|att(rot(h), ref(h), R h; a) - (t + s)|^2`; `s = r`, for interactions `b r + (1 - b) att(r_1, r_2, …; a_h)` with attention `a_h` and blend `b` of each user (arXiv 2109.09358)',
  needsEvenWidth: true,
  relationTables: {
    rotation: { columns: (width) => width / 2, initializer: normal(0.1) },
    reflection: { columns: (width) => width / 2, initializer: normal(0.1) },
    transform: { columns: (width) => width, initializer: ones },
    attention: { columns: (width) => width, initializer: normal(0.01) },
    translation: { columns: (width) => width, initializer: normal(0.01) },
  },
  entityTables: {
    attention: { columns: (width) => width, initializer: normal(0.01) },
    blend: { columns: () => 1, initializer: zeros },
  },
  left: ({ head, ofHead, relation, relations, isInteraction }) => {
    const moved = attended(
      [
        rotated(head, rowsOf(relation, 'rotation')),
        reflected(head, rowsOf(relation, 'reflection')),
        tf.mul(rowsOf(relation, 'transform'), head),
      ],
      rowsOf(relation, 'attention'),
    );
    const own = rowsOf(relation, 'translation');
    // [1, relations, width] under [rows, 1, width]: every relation is a candidate of every head.
    const all = tf.expandDims(rowsOf(relations, 'translation'), 0);
    const attention = rowsOf(ofHead, 'attention');
    const width = attention.shape.at(-1) as number;
    const logits = tf.div(tf.sum(tf.mul(all, attention), -1), Math.sqrt(width));
    const mean = tf.sum(tf.mul(all, tf.expandDims(tf.softmax(logits, -1), -1)), 1, true);
    const blend = tf.sigmoid(rowsOf(ofHead, 'blend'));
    const blended = tf.add(tf.mul(blend, own), tf.mul(tf.sub(1, blend), mean));
    const shift = tf.add(tf.mul(isInteraction, blended), tf.mul(tf.sub(1, isInteraction), own));
    return tf.sub(moved, shift);
  },
  right: (tail) => tail,
  comparison: squaredDistance,
};
