/*
 * Terms: a *prefix* is the first codes of an ID, and a *node* of the tree of IDs; a *beam* is a prefix that a search
 * follows, with its *score*, the log-probability of its codes; a *row* is where the model's answer on it lies.
 */

/** Nodes that a search follows at once, in columns: one entry a beam. */
export interface Beams {
  readonly node: Int32Array;
  /** Row of the model's last answer that each was reached from. */
  readonly row: Int32Array;
  readonly score: Float64Array;
  /** Log-chance of being drawn; the score where nothing is drawn. */
  readonly chance: Float64Array;
  /** Number that beams are ranked by: the score, or the log-chance with a random part. */
  readonly key: Float32Array;
}

/** The one beam that a search starts with, at the root. */
export const rootAt = (row: number): Beams => ({
  node: Int32Array.of(0),
  row: Int32Array.of(row),
  score: Float64Array.of(0),
  chance: Float64Array.of(0),
  key: Float32Array.of(0),
});

/** A column of the beams of all histories, one after another. */
export function joined(beams: readonly Beams[], column: 'node' | 'row'): Int32Array {
  const all = new Int32Array(beams.reduce((sum, own) => sum + own.node.length, 0));
  let at = 0;
  for (const own of beams) {
    all.set(own[column], at);
    at += own.node.length;
  }
  return all;
}
