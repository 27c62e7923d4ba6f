/**
 * Reads a request in words: what is wanted, what is ruled out, and bounds on numbers ("nothing after 1990", "under two
 * hours"), by rules alone.
 *
 * Terms: a *dislike* is a word or phrase that must not describe an answer; a *limit* bounds a numeric attribute of the
 * answers by its name.
 */
import { findDislikes } from './find-dislikes.js';
import { findLimits } from './find-limits.js';
import { coveredByTitles } from './protected-text.js';

/** A bound on a numeric attribute of the answers. */
export interface RequestLimit {
  /** Name of the attribute: `year`, `minutes`, `pages` or `price`. */
  readonly attribute: string;
  /** Least value that may come, where there is one. */
  readonly min?: number | undefined;
  /** Largest value that may come, where there is one. */
  readonly max?: number | undefined;
  /** The words that say so, as they were typed. */
  readonly words: string;
}

/** A request taken apart. */
export interface UnderstoodRequest {
  /** The text without what is ruled out and without limits, for encoders, which do not understand "no". */
  readonly likes: string;
  /** Words and phrases that must not describe an answer, in lower case, each once. */
  readonly dislikes: readonly string[];
  readonly limits: readonly RequestLimit[];
  /** What was ruled out without saying how much: "not too long". Nothing follows from it, and the user is told so. */
  readonly vague: readonly string[];
}

/** A stretch of the text that says what is not wanted, or bounds something. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Takes a request in English apart. What stands in quotes, and titles such as "No Country for Old Men", rule nothing out.
 *
 * @example
 * ```ts
 * const { likes, dislikes, limits } = understandRequest('Slow heist films, no gore, nothing after 1990');
 * console.log(likes, dislikes, limits[0]?.max); // Slow heist films [ 'gore' ] 1990
 * ```
 */
export function understandRequest(text: string): UnderstoodRequest {
  const titles = coveredByTitles(text);
  const limits = findLimits(text, titles);
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
