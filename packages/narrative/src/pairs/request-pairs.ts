import {
  checkOptions,
  contentHash,
  type Dataset,
  type IdMap,
  InvalidInputError,
  joinProvenance,
  type Provenance,
  RandomStream,
  UNKNOWN,
} from '@palate/core';
import type { AuthoredRequest } from '../authoring/authored-request.js';

/** Requests and the items that answer them, as pairs: what filters score and encoders learn from. */
export interface RequestPairs {
  readonly items: IdMap;
  /** Text of each item by dense index, as it is encoded. */
  readonly texts: readonly string[];
  readonly requests: readonly { readonly user: string; readonly text: string }[];
  /** Position of each pair's request. */
  readonly request: Int32Array;
  /** Dense item of each pair, aligned with `request`. */
  readonly item: Int32Array;
  /** For each request the items that are no negatives of it: those of the request and all that its user likes. */
  readonly liked: readonly ReadonlySet<number>[];
  /** Items of requests that the catalogue lacks: they make no pairs. */
  readonly unknownItems: number;
  /** Knowledge of interactions in the requests: what is trained on them knows as much. */
  readonly provenance: Provenance;
}

/** Options of {@link requestPairs}. */
export interface RequestPairsOptions {
  /** Text of each item by dense index of the log. */
  readonly texts: readonly string[];
  /**
   * Knowledge of interactions in the requests. Default: what they say themselves; unknown, which evaluation refuses, where
   * one says nothing.
   */
  readonly provenance?: Provenance | undefined;
}

/**
 * Pairs requests with their items. Every item of the user's log counts as liked: it is never a negative.
 *
 * @param dataset - whose log holds what may be known in training
 * @throws InvalidInputError if texts do not fit the items, or no pair is left
 */
export function requestPairs(
  dataset: Dataset,
  requests: readonly AuthoredRequest[],
  options: RequestPairsOptions,
): RequestPairs {
  checkOptions('requestPairs', options, ['texts', 'provenance']);
  const { log } = dataset;
  const { texts, provenance } = options;
  if (texts.length !== log.items.size)
    throw new InvalidInputError({
      expected: `a text for each of ${log.items.size} items`,
      received: `${texts.length} texts`,
      hint: "Give one text per item, '' for none.",
    });
  const request: number[] = [];
  const item: number[] = [];
  let unknownItems = 0;
  const liked = requests.map(({ user, items }, at) => {
    const index = log.users.find(user);
    const all = new Set(index === undefined ? [] : log.history(index));
    for (const id of new Set(items)) {
      const dense = log.items.find(id);
      if (dense === undefined) {
        unknownItems++;
        continue;
      }
      all.add(dense);
      request.push(at);
      item.push(dense);
    }
    return all;
  });
  if (request.length === 0)
    throw new InvalidInputError({
      expected: 'requests with items of the catalogue',
      received: `${requests.length} requests without a known item`,
      hint: 'Check that the ids are those of the data set.',
    });
  return {
    items: log.items,
    texts,
    requests: requests.map(({ user, text }) => ({ user, text })),
    request: Int32Array.from(request),
    item: Int32Array.from(item),
    liked,
    unknownItems,
    provenance: provenance ?? joinProvenance(requests.map((each) => each.provenance ?? UNKNOWN)),
  };
}

/** The same requests with some of the pairs. */
export function selectPairs(pairs: RequestPairs, rows: ArrayLike<number>): RequestPairs {
  return {
    ...pairs,
    request: Int32Array.from(rows, (row) => pairs.request[row]!),
    item: Int32Array.from(rows, (row) => pairs.item[row]!),
  };
}

/** Items of each request that has any, by the request's position. */
export function itemsByRequest({ request, item }: RequestPairs): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const [row, at] of request.entries()) {
    const items = found.get(at);
    if (items) items.push(item[row]!);
    else found.set(at, [item[row]!]);
  }
  return found;
}

/** Pairs in two parts of different users. */
export interface PairsByUser {
  readonly train: RequestPairs;
  readonly validation: RequestPairs;
}

/**
 * Splits pairs so that no user is in both parts.
 *
 * @param share - share of the users for validation, from 0 to less than 1
 */
export function splitPairsByUser(pairs: RequestPairs, share: number, seed = 0): PairsByUser {
  const held = new Set(foldsOf(pairs, share <= 0 ? [1] : [1 - share, share], seed)[1]);
  const rows = (isHeld: boolean): number[] =>
    Array.from(pairs.request, (at, row) =>
      held.has(pairs.requests[at]?.user ?? '') === isHeld ? row : -1,
    ).filter((row) => row >= 0);
  return { train: selectPairs(pairs, rows(false)), validation: selectPairs(pairs, rows(true)) };
}

/** Users of the pairs in parts of given shares, drawn by the seed. */
export function foldsOf(pairs: RequestPairs, shares: readonly number[], seed: number): string[][] {
  const users = [...new Set(Array.from(pairs.request, (at) => pairs.requests[at]?.user ?? ''))].sort();
  const order = new RandomStream(seed).fork('users').shuffle(Int32Array.from(users, (_, k) => k));
  let from = 0;
  let sum = 0;
  return shares.map((share) => {
    sum += share;
    const to = Math.round(sum * users.length);
    const part = Array.from(order.subarray(from, to), (k) => users[k] as string);
    from = to;
    return part;
  });
}

/** Names pairs and texts, for checkpoints: equal for equal content. */
export function pairsHash({ items, texts, requests, request, item }: RequestPairs): string {
  return contentHash({ items, texts, requests, request, item });
}
