import type { RuledOut } from './apply-request.js';
import type { RequestLimit, UnderstoodRequest } from './understood-request.js';

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** Says a limit in words: `year at most 1990`, `minutes from 60 to 119`. */
function inWords({ attribute, min, max }: RequestLimit): string {
  if (min !== undefined && min === max) return `${attribute} ${min}`;
  if (min !== undefined && max !== undefined) return `${attribute} from ${min} to ${max}`;
  return min === undefined ? `${attribute} at most ${max}` : `${attribute} at least ${min}`;
}

/**
 * Says in plain sentences how a request was understood, to be shown to who wrote it; none for a request that is taken as
 * it stands.
 *
 * @param applied - what came of it in a catalogue, where it was applied: limits that could not be are named
 *
 * @example
 * ```ts
 * console.log(describeRequest(understandRequest('heist films, no gore')));
 * // [ 'Wanted: heist films.', 'Left out: gore.' ]
 * ```
 */
export function describeRequest(request: UnderstoodRequest, applied?: Pick<RuledOut, 'unknown'>): string[] {
  const { likes, dislikes, limits, vague } = request;
  if (dislikes.length + limits.length + vague.length === 0) return [];
  const unknown = new Set(applied?.unknown ?? []);
  const kept = limits.filter((limit) => !unknown.has(limit));
  return [
    ...(likes === '' ? [] : [`Wanted: ${likes.replace(/[.!]+$/, '')}.`]),
    ...(dislikes.length > 0 ? [`Left out: ${listed(dislikes)}.`] : []),
    ...(kept.length > 0 ? [`Only: ${listed(kept.map(inWords))}.`] : []),
    ...[...unknown].map(
      (limit) =>
        `Not applied: “${limit.words}”, since the catalogue does not have the ${limit.attribute} of its items.`,
    ),
    ...vague.map((words) => `Not applied: “${words}”, which names no limit.`),
  ];
}
