import { normal } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { distance } from '../comparisons.js';
import { rowsOf, type ScoringFunction } from '../scoring-function.js';

/** A relation moves heads to their tails. */
export const transE: ScoringFunction = {
  label: 'TransE',
  about: '`-|h + r - t|` (Bordes et al. 2013)',
  relationTables: { translation: { columns: (width) => width, initializer: normal(0.01) } },
  left: ({ head, relation }) => tf.add(head, rowsOf(relation, 'translation')),
  right: (tail) => tail,
  comparison: distance,
};
