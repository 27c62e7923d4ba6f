/**
 * Reads a request in words: what is wanted, what is ruled out, and bounds on numbers ("nothing after 1990", "under two
 * hours"), by rules alone.
 *
 * Terms: a *dislike* is a word or phrase that must not describe an answer; a *limit* bounds a numeric attribute of the
 * answers by its name.
 */
import { type Catalog, checkOptions } from '@palate/core';
import { findDislikes } from './find-dislikes.js';
import { findLimits } from './find-limits.js';
import { limitedColumn } from './limited-column.js';
import { coveredByTitles } from './protected-text.js';
import type { Stretch, UnderstoodRequest } from './understood-request.js';

/** Options of {@link understandRequest}. */
export interface UnderstandOptions {
  /** The catalogue that is asked: if it has prices, a number without a unit ("under 40") bounds the price. */
  readonly catalog?: Catalog | undefined;
}

/**
 * Takes a request in English apart. Words in quotes, and titles such as "No Country for Old Men", rule nothing out.
 *
 * @example
 * ```ts
 * const { likes, dislikes, limits } = understandRequest('Slow heist films, no gore, nothing after 1990');
 * console.log(likes, dislikes, limits[0]?.max); // Slow heist films [ 'gore' ] 1990
 * ```
 */
export function understandRequest(text: string, options: UnderstandOptions = {}): UnderstoodRequest {
  checkOptions('understandRequest', options, ['catalog']);
  const titles = coveredByTitles(text);
  const isPriced = options.catalog !== undefined && limitedColumn(options.catalog, 'price') !== undefined;
  const limits = findLimits(text, titles, isPriced);
  const taken = [...titles, ...limits];
  const { dislikes, vague, stretches } = findDislikes(text, taken);
  return {
    likes: without(text, [...limits, ...stretches]),
    dislikes: [...new Set(dislikes)],
    limits: limits.map(({ from, to, ...limit }) => limit),
    vague,
  };
}

/** The text without some stretches, and without the punctuation that they leave alone. */
function without(text: string, stretches: readonly Stretch[]): string {
  let rest = '';
  let at = 0;
  for (const { from, to } of [...stretches].sort((a, b) => a.from - b.from)) {
    if (from > at) rest += text.slice(at, from);
    at = Math.max(at, to);
  }
  rest += text.slice(at);
  return rest
    .replace(/\s+/g, ' ')
    .replace(
      /(?:\s*\b(?:and|but|or|with|please|pls|just|ideally|preferably|definitely)\b)+\s*(?=[,;.!?]|$)/gi,
      '',
    )
    .replace(/\s+(?=[,;.!?])/g, '')
    .replace(/[,;](?:\s*[,;])*(?=\s*(?:[.!?]|$))/g, '')
    .replace(/([,;.])(?:\s*[,;.])+/g, '$1')
    .replace(/(?<=[.!?]\s?)(?:ideally|preferably|please|just|definitely)[.!]/gi, '')
    .replace(/^[\s,;.!?]+|[\s,;]+$/g, '')
    .replace(/^(?:and|but|or)\s+/i, '');
}
