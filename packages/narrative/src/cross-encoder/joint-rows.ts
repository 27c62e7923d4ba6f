import { CUT_STEP } from '../encoder/token-lengths.js';

/** Requests and items as joint rows of tokens: `[request; item]`, padded to one length. */
export interface JointRows {
  readonly length: number;
  /** Row-major, `rows x length`; 0 where there is padding. */
  readonly ids: Int32Array;
  /** 1 for tokens of the request. */
  readonly ofRequest: Float32Array;
  /** 1 for tokens of the item. */
  readonly ofItem: Float32Array;
}

/**
 * Joins tokens of requests and items, each cut to its bound.
 *
 * @param rows - rows of the batch, where it is to have more than there are pairs
 */
export function joinTokens(
  pairs: readonly { readonly request: Int32Array; readonly item: Int32Array }[],
  most: { readonly requestTokens: number; readonly itemTokens: number },
  rows = pairs.length,
): JointRows {
  const cut = pairs.map(({ request, item }) => ({
    request: request.subarray(0, most.requestTokens),
    item: item.subarray(0, most.itemTokens),
  }));
  const longest = cut.reduce((max, { request, item }) => Math.max(max, request.length + item.length), 1);
  const length = Math.min(most.requestTokens + most.itemTokens, Math.ceil(longest / CUT_STEP) * CUT_STEP);
  const ids = new Int32Array(rows * length);
  const ofRequest = new Float32Array(rows * length);
  const ofItem = new Float32Array(rows * length);
  for (const [row, { request, item }] of cut.entries()) {
    const from = row * length;
    const middle = from + request.length;
    ids.set(request, from);
    ids.set(item, middle);
    ofRequest.fill(1, from, middle);
    ofItem.fill(1, middle, middle + item.length);
  }
  return { length, ids, ofRequest, ofItem };
}
