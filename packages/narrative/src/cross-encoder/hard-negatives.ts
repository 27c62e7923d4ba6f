import { type LongCallOptions, type RandomStream, topK, yieldToEventLoop } from '@palate/core';
import type { BiEncoder } from '../encoder/bi-encoder.js';
import type { RequestPairs } from '../pairs/request-pairs.js';

/** Ranks that negatives are drawn from, in a catalogue of a size: at most its middle third where it is small. */
export function negativeRanks(
  items: number,
  first: number,
  last: number,
): { readonly first: number; readonly last: number } {
  const from = Math.max(1, Math.min(first, Math.floor(items / 3)));
  return { first: from, last: Math.min(items, Math.max(last, from)) };
}

/**
 * For each request with pairs the items at some ranks of the bi-encoder's list, without those that its user likes: hard
 * negatives that are probably no answers (Mysore et al. 2023 take ranks 100 to 300).
 *
 * @returns items by the position of the request
 */
export async function hardNegatives(
  biEncoder: BiEncoder,
  pairs: RequestPairs,
  ranks: { readonly first: number; readonly last: number },
  options: LongCallOptions = {},
): Promise<ReadonlyMap<number, Int32Array>> {
  const call = { signal: options.signal };
  const requests = [...new Set(pairs.request)];
  const items = await biEncoder.encode(pairs.texts, call);
  const queries = await biEncoder.encode(
    requests.map((at) => pairs.requests[at]?.text ?? ''),
    call,
  );
  const { width } = items;
  const n = pairs.texts.length;
  const scores = new Float32Array(n);
  const found = new Map<number, Int32Array>();
  for (const [q, at] of requests.entries()) {
    if (q % 64 === 63) await yieldToEventLoop(options.signal, 'looking for hard negatives');
    for (let item = 0; item < n; item++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += queries.data[q * width + k]! * items.data[item * width + k]!;
      scores[item] = sum;
    }
    const liked = pairs.liked[at];
    const list = topK(scores, ranks.last).slice(ranks.first - 1);
    found.set(at, Int32Array.from(list.map(({ item }) => item).filter((item) => !liked?.has(item))));
  }
  return found;
}

/** Some of a list's entries, different ones as far as there are enough. */
export function draw(from: ArrayLike<number>, count: number, random: RandomStream): number[] {
  if (from.length >= count) return Array.from(random.sample(from.length, count), (at) => from[at] as number);
  return Array.from({ length: count }, () => from[random.integer(from.length)] as number);
}
