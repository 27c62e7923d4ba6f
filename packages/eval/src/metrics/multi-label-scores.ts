import { InvalidInputError } from '@palate/core';

/** Precision, recall and F1 of multi-label predictions, means over the classes weighted by their support. */
export interface MultiLabelScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows whose truth has a class, summed over the classes: the weights' sum. 0 gives NaN for the scores. */
  readonly support: number;
}

/**
 * Scores predicted sets of classes against true ones: precision, recall and F1 of each class, then their means weighted by
 * how many rows truly have the class (`average='weighted'` of scikit-learn). A class that is never predicted has precision 0.
 *
 * @param truths - the classes of each row
 * @param predictions - the predicted classes of each row; those that are in no truth weigh nothing
 * @throws InvalidInputError if the lists differ in length
 */
export function multiLabelScores(
  truths: readonly Iterable<string>[],
  predictions: readonly Iterable<string>[],
): MultiLabelScores {
  if (truths.length !== predictions.length)
    throw new InvalidInputError({
      expected: `${truths.length} predictions, one for each truth`,
      received: String(predictions.length),
      hint: 'Predict every row once; an empty list means no class.',
    });
  const support = new Map<string, number>();
  const predicted = new Map<string, number>();
  const hits = new Map<string, number>();
  const count = (to: Map<string, number>, name: string): void => void to.set(name, (to.get(name) ?? 0) + 1);
  for (const [row, truth] of truths.entries()) {
    const actual = new Set(truth);
    for (const name of actual) count(support, name);
    for (const name of new Set(predictions[row])) {
      count(predicted, name);
      if (actual.has(name)) count(hits, name);
    }
  }
  let [precision, recall, f1, total] = [0, 0, 0, 0];
  for (const [name, weight] of support) {
    const hit = hits.get(name) ?? 0;
    const guesses = predicted.get(name) ?? 0;
    total += weight;
    precision += guesses === 0 ? 0 : (weight * hit) / guesses;
    recall += hit;
    f1 += (weight * 2 * hit) / (guesses + weight);
  }
  return { precision: precision / total, recall: recall / total, f1: f1 / total, support: total };
}
