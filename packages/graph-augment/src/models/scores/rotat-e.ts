import { uniform } from '@palate/nn';
import { distance } from '../comparisons.js';
import { rotated } from '../givens.js';
import { rowsOf, type ScoringFunction } from '../scoring-function.js';

/** A relation turns heads, as complex vectors, to their tails. */
export const rotatE: ScoringFunction = {
  label: 'RotatE',
  about: '`-|h r - t|` in complex numbers with `|r| = 1`, kept as angles (Sun et al. 2019)',
  needsEvenWidth: true,
  relationTables: { angle: { columns: (width) => width / 2, initializer: uniform(Math.PI) } },
  left: ({ head, relation }) => rotated(head, rowsOf(relation, 'angle')),
  right: (tail) => tail,
  comparison: distance,
};
