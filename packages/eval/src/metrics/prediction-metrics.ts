import { InvalidInputError } from '@palate/core';
import { checkValues } from './check-values.js';

function sameLength(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length || a.length === 0)
    throw new InvalidInputError({
      expected: 'as many predictions as truths, at least one',
      received: `${a.length} and ${b.length}`,
      hint: 'Score every row once.',
    });
  return a.length;
}

function predicted(predictions: ArrayLike<number>, truths: ArrayLike<number>): number {
  const n = sameLength(predictions, truths);
  checkValues('predictions', predictions);
  checkValues('truths', truths);
  return n;
}

function scored(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const n = sameLength(scores, labels);
  checkValues('scores', scores, { infinite: true });
  checkValues('labels', labels);
  return n;
}

/**
 * Root mean squared error of predictions against truths.
 *
 * @throws InvalidInputError for a value that is not finite, with its index
 */
export function rmse(predictions: ArrayLike<number>, truths: ArrayLike<number>): number {
  const n = predicted(predictions, truths);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (predictions[i]! - truths[i]!) ** 2;
  return Math.sqrt(sum / n);
}

/**
 * Mean absolute error of predictions against truths.
 *
 * @throws InvalidInputError for a value that is not finite, with its index
 */
export function mae(predictions: ArrayLike<number>, truths: ArrayLike<number>): number {
  const n = predicted(predictions, truths);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.abs(predictions[i]! - truths[i]!);
  return sum / n;
}

/**
 * Area under the ROC curve: the chance that a random positive scores above a random negative, ties counting one
 * half (Hanley and McNeil 1982). Costs a sort.
 *
 * @param scores - infinities pass, as their order is known
 * @param labels - above 0 for positives
 * @returns NaN if there are only positives or only negatives
 * @throws InvalidInputError for a score that is not a number or a label that is not finite, with its index
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const n = scored(scores, labels);
  const order = Float64Array.from({ length: n }, (_, i) => i).sort((a, b) =>
    scores[a]! < scores[b]! ? -1 : scores[a]! > scores[b]! ? 1 : 0,
  );
  let positives = 0;
  let rankSum = 0;
  for (let i = 0; i < n; ) {
    let j = i;
    let tied = 0;
    while (j < n && scores[order[j]!] === scores[order[i]!]) {
      if (labels[order[j]!]! > 0) tied++;
      j++;
    }
    // Ranks i + 1 … j share their mean.
    rankSum += tied * ((i + 1 + j) / 2);
    positives += tied;
    i = j;
  }
  const negatives = n - positives;
  if (positives === 0 || negatives === 0) return Number.NaN;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * Group AUC: the AUC within each group (user), averaged with the groups' sizes as weights; groups of one class
 * are left out (Zhu et al. 2017; Zhou et al. 2018, DIN).
 *
 * @param groups - one group number a row
 * @returns NaN if no group has both classes
 * @throws InvalidInputError for a score, label or group that is not a number, with its index
 */
export function gauc(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  groups: ArrayLike<number>,
): number {
  // Here rather than in each group, so that the message tells the index among all rows.
  const n = scored(scores, labels);
  sameLength(scores, groups);
  checkValues('groups', groups);
  const rows = new Map<number, number[]>();
  for (let i = 0; i < n; i++) {
    const list = rows.get(groups[i]!);
    if (list) list.push(i);
    else rows.set(groups[i]!, [i]);
  }
  let sum = 0;
  let weight = 0;
  for (const list of rows.values()) {
    const value = auc(
      list.map((i) => scores[i]!),
      list.map((i) => labels[i]!),
    );
    if (Number.isNaN(value)) continue;
    sum += value * list.length;
    weight += list.length;
  }
  return weight === 0 ? Number.NaN : sum / weight;
}

/**
 * Mean negative log-likelihood of binary labels under predicted probabilities, in nats; probabilities are kept
 * `1e-15` away from 0 and 1.
 *
 * @throws InvalidInputError for a probability outside of 0 to 1 or a label that is not finite, with its index
 */
export function logLoss(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  const n = sameLength(probabilities, labels);
  checkValues('probabilities', probabilities, { min: 0, max: 1 });
  checkValues('labels', labels);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const p = Math.min(1 - 1e-15, Math.max(1e-15, probabilities[i]!));
    sum -= labels[i]! > 0 ? Math.log(p) : Math.log1p(-p);
  }
  return sum / n;
}
