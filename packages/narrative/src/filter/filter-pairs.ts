import {
  defineOptions,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  throwIfCancelled,
} from '@palate/core';
import { foldsOf, type RequestPairs, selectPairs } from '../pairs/request-pairs.js';
import type { RequestGivenItem, RequestLikelihood } from './request-likelihood.js';

/** The texts of pairs, as scorers read them. */
export function textsOfPairs({ texts, requests, request, item }: RequestPairs): RequestGivenItem[] {
  return Array.from(request, (at, row) => ({
    request: requests[at]?.text ?? '',
    item: texts[item[row]!] ?? '',
  }));
}

/** Options of {@link keepLikely}. */
export const KEEP_LIKELY = defineOptions(
  'keepLikely',
  {
    share: option.number({ min: 0, max: 1 })({ default: 0.5, doc: 'share of the pairs to keep' }),
    among: option.choice(['all', 'request'])({
      default: 'all',
      doc: "pairs that a pair competes with: `'all'` others, as in the paper, which also drops requests that are unlikely for any item; or those of its own `'request'`",
    }),
  },
  [],
);

/** Options of {@link keepLikely}; {@link KEEP_LIKELY} says what each does. */
export type KeepLikelyOptions = OptionsOf<typeof KEEP_LIKELY.declarations>;

/**
 * Keeps the pairs whose request is likeliest given the item: Mint's filter (Mysore et al. 2023), the top half. Pairs of
 * equal score are kept in their order.
 *
 * @param scores - of a {@link RequestLikelihood}, one a pair, in nats a token
 * @throws InvalidInputError if there is not one finite score a pair
 */
export function keepLikely(
  pairs: RequestPairs,
  scores: Float32Array,
  options: KeepLikelyOptions = {},
): RequestPairs {
  const { share, among } = KEEP_LIKELY.settings(options);
  const bad = scores.findIndex((score) => !Number.isFinite(score));
  if (scores.length !== pairs.request.length || bad >= 0)
    throw new InvalidInputError({
      expected: `${pairs.request.length} finite scores, one per pair`,
      received: bad >= 0 ? `${scores[bad]} for pair ${bad}` : String(scores.length),
      hint: 'Pass the scores of a RequestLikelihood for exactly these pairs.',
    });
  const groups = new Map<number, number[]>();
  for (let row = 0; row < scores.length; row++) {
    const key = among === 'request' ? pairs.request[row]! : 0;
    const rows = groups.get(key);
    if (rows) rows.push(row);
    else groups.set(key, [row]);
  }
  const kept = [...groups.values()].flatMap((rows) =>
    [...rows].sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, Math.ceil(share * rows.length)),
  );
  return selectPairs(
    pairs,
    kept.sort((a, b) => a - b),
  );
}

/** Options of {@link crossFittedLikelihoods}. */
export const CROSS_FIT = defineOptions('crossFittedLikelihoods', {
  folds: option.integer({ min: 2 })({ default: 3, doc: 'number of parts that the users are split into' }),
  fit: option
    .function<
      (pairs: RequestPairs, fold: number) => Promise<RequestLikelihood & Partial<globalThis.Disposable>>
    >()
    .required({
      doc: 'trains a scorer on the pairs of all other folds; called with the number of the fold that it will score',
    }),
});

/** Options of {@link crossFittedLikelihoods}; {@link CROSS_FIT} says what each does. */
export type CrossFitOptions = OptionsOf<typeof CROSS_FIT.declarations> & LongCallOptions;

/**
 * Scores pairs by scorers that are trained on them, none by one that has seen a request of its user: the users are split
 * into folds, and each fold is scored by what was trained on the others.
 *
 * @returns nats a token, one a pair
 * @throws InvalidInputError if there are fewer users than folds
 */
export async function crossFittedLikelihoods(
  pairs: RequestPairs,
  options: CrossFitOptions,
): Promise<Float32Array> {
  const { folds: count, fit } = CROSS_FIT.settings(options);
  const folds = foldsOf(
    pairs,
    Array.from({ length: count }, () => 1 / count),
    options.seed ?? 0,
  );
  if (folds.some((users) => users.length === 0))
    throw new InvalidInputError({
      expected: `requests of at least ${count} users`,
      received: String(folds.flat().length),
      hint: 'Lower folds.',
    });
  const scores = new Float32Array(pairs.request.length);
  for (const [fold, users] of folds.entries()) {
    throwIfCancelled(options.signal, 'cross-fitting');
    const own = new Set(users);
    const isOwn = (row: number): boolean => own.has(pairs.requests[pairs.request[row]!]?.user ?? '');
    const rows = Array.from(pairs.request, (_, row) => row);
    const held = rows.filter(isOwn);
    const scorer = await fit(
      selectPairs(
        pairs,
        rows.filter((row) => !isOwn(row)),
      ),
      fold,
    );
    try {
      const found = await scorer.logLikelihoods(textsOfPairs(selectPairs(pairs, held)), {
        signal: options.signal,
        onProgress: options.onProgress,
      });
      for (const [k, row] of held.entries()) scores[row] = found[k]!;
    } finally {
      scorer[Symbol.dispose]?.();
    }
  }
  return scores;
}
