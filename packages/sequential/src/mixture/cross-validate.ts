import {
  isObject,
  type LongCallOptions,
  type RandomStream,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import { normalisedGain } from '@palate/eval';
import { Gate, type GateExample } from './gate.js';

/** Measures that the mixture was chosen by: NDCG@10 on the validation, each user under a gate that had not seen it. */
export interface MixtureChoice {
  readonly mixture: number;
  /** Of each part by itself. */
  readonly parts: readonly number[];
  /** Mean gain of the mixture over the best part, and the standard error of that mean. */
  readonly gain: number;
  readonly error: number;
}

/**
 * NDCG@10 of a list.
 *
 * @param missed - right items that cannot be in it
 */
export function gainOf(list: readonly number[], targets: Iterable<number>, missed = 0): number {
  const ranks = Array.from(targets, (target) => {
    const at = list.indexOf(target);
    return at < 0 ? Number.POSITIVE_INFINITY : at + 1;
  });
  for (let k = 0; k < missed; k++) ranks.push(Number.POSITIVE_INFINITY);
  return normalisedGain(
    ranks,
    ranks.map(() => 1),
    10,
  );
}

/** NDCG@10 of the mixture, each user under a gate that was learned from other users, beside that of the parts. */
export async function crossValidate(
  examples: readonly GateExample[],
  gains: readonly Float64Array[],
  parts: number,
  settings: { readonly folds: number; readonly decay: number; readonly steps: number },
  random: RandomStream,
  { signal }: LongCallOptions,
): Promise<{ readonly choice: MixtureChoice; readonly best: number }> {
  const fold = random
    .fork('folds')
    .shuffle(Int32Array.from(examples.keys()))
    .map((place) => place % settings.folds);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, each) => sum + each, 0) / Math.max(1, values.length);
  const ofParts = Array.from({ length: parts }, (_, part) => mean(gains.map((own) => own[part] as number)));
  const best = ofParts.indexOf(Math.max(...ofParts));
  const mixed = new Float64Array(examples.length);
  for (let held = 0; held < settings.folds; held++) {
    await yieldToEventLoop(signal, 'fitting a mixture');
    throwIfCancelled(signal, 'fitting a mixture');
    const gate = Gate.learn(
      examples.filter((_, at) => fold[at] !== held),
      parts,
      settings,
    );
    for (const [at, example] of examples.entries()) {
      if (fold[at] !== held || example.right.length === 0) continue;
      const scores = gate.scores(example);
      const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
      // Rows stand for items in the order of their index: ties fall as in the list.
      mixed[at] = gainOf(order, example.right, example.missed);
    }
  }
  const gain = Array.from(mixed, (own, at) => own - (gains[at]?.[best] as number));
  const lead = mean(gain);
  const variance = gain.reduce((sum, each) => sum + (each - lead) ** 2, 0) / Math.max(1, gain.length - 1);
  return {
    best,
    choice: {
      mixture: mean([...mixed]),
      parts: ofParts,
      gain: lead,
      error: Math.sqrt(variance / Math.max(1, gain.length)),
    },
  };
}

/** The choice as it was saved; nothing where it is not one of so many parts. */
export function savedChoice(value: unknown, parts: number): MixtureChoice | undefined {
  const { mixture, parts: ofParts, gain, error } = isObject(value) ? value : {};
  const isNumber = (each: unknown): each is number => Number.isFinite(each);
  if (
    isNumber(mixture) &&
    isNumber(gain) &&
    isNumber(error) &&
    Array.isArray(ofParts) &&
    ofParts.length === parts &&
    ofParts.every(isNumber)
  )
    return { mixture, parts: ofParts, gain, error };
  return undefined;
}
