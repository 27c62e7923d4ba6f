import { checkNumber, checkOptions, FEEDBACK_KINDS, InvalidInputError, isObject } from '@palate/core';
import type { Asker, FeedbackEvent } from './request.js';

/** Longest list. */
export const MOST_ITEMS = 1000;
/** Longest wish, in characters: what is longer is no wish. */
const MOST_WORDS = 4000;

const ASKER = ['user', 'history', 'text', 'dislikes'];

/** Names of the fields of each kind of request. */
const FIELDS = {
  recommend: [...ASKER, 'k', 'candidates', 'exclude', 'filter', 'explain', 'system', 'diversity'],
  similar: ['item', 'k', 'by', 'exclude', 'filter'],
  rank: [...ASKER, 'candidates', 'k', 'explain', 'system'],
  search: ['words', 'k', 'filter'],
  explain: [...ASKER, 'item'],
  feedback: ['user', 'item', 'time', 'rating', 'kind', 'request', 'id'],
} as const;

/** Kinds of requests. */
export type RequestKind = keyof typeof FIELDS;

function refuse(expected: string, received: unknown, hint: string): never {
  throw new InvalidInputError({ expected, received: JSON.stringify(received) ?? String(received), hint });
}

/**
 * Refuses what is no request of its kind: unknown fields, and values of another type.
 *
 * @param where - how the message calls it: `requests[3]`
 */
export function checkRequest(kind: RequestKind, given: unknown, where = `the ${kind} request`): void {
  if (!isObject(given)) refuse(`${where} to be an object`, given, 'Pass an object of named fields.');
  checkOptions(where, given, FIELDS[kind]);
  for (const name of ['user', 'text', 'system', 'words', 'request', 'id'])
    if (given[name] !== undefined && typeof given[name] !== 'string')
      refuse(`${name} of ${where} to be a text`, given[name], `Pass ${name} as a string.`);
  for (const name of ['text', 'words'])
    if (String(given[name] ?? '').length > MOST_WORDS)
      refuse(
        `${name} of ${where} of at most ${MOST_WORDS} characters`,
        `${String(given[name]).length} characters`,
        'Shorten the text.',
      );
  for (const name of ['candidates', 'exclude', 'history', 'dislikes'])
    if (given[name] !== undefined && !Array.isArray(given[name]))
      refuse(`${name} of ${where} to be a list`, given[name], `Pass ${name} as a list of ids.`);
  if (given.k !== undefined)
    checkNumber(`k of ${where}`, given.k, { min: 1, max: MOST_ITEMS, integer: true });
  if (given.diversity !== undefined)
    checkNumber(`diversity of ${where}`, given.diversity, { min: 0, max: 1 });
  if (given.explain !== undefined && typeof given.explain !== 'boolean')
    refuse(`explain of ${where} to be true or false`, given.explain, 'Pass explain as true or false.');
  checkHistory(given.history as Asker['history'], where);
}

function checkHistory(history: Asker['history'], where: string): void {
  for (const [k, entry] of (history ?? []).entries()) {
    if (typeof entry === 'string') continue;
    if (typeof entry !== 'object' || entry === null || typeof entry.item !== 'string')
      refuse(
        `history[${k}] of ${where} to be an id, or an object with item, rating and time`,
        entry,
        'Pass ids as strings.',
      );
    checkOptions(`history[${k}] of ${where}`, entry, ['item', 'rating', 'time']);
    for (const name of ['rating', 'time'] as const)
      if (entry[name] !== undefined) checkNumber(`${name} of history[${k}] of ${where}`, entry[name]);
  }
}

/** Refuses an event of feedback that says nothing, or contradicts itself. */
export function checkFeedback(event: FeedbackEvent, where: string): void {
  checkRequest('feedback', event, where);
  const { user, item, kind, rating, time } = event;
  if (typeof user !== 'string' || user === '')
    refuse(`a user in ${where}`, user, 'Pass the id of the user as a string.');
  if (typeof item !== 'string') refuse(`an item in ${where}`, item, 'Pass the id of the item as a string.');
  if (time !== undefined) checkNumber(`time of ${where}`, time, { min: 0 });
  if (rating !== undefined) checkNumber(`rating of ${where}`, rating);
  if (kind !== undefined && !FEEDBACK_KINDS.includes(kind))
    refuse(`kind of ${where} among ${FEEDBACK_KINDS.join(', ')}`, kind, 'Correct the kind.');
  if ((kind === 'rating') !== (rating !== undefined) && kind !== undefined)
    refuse(
      `a rating in ${where} where its kind is "rating", and nowhere else`,
      { kind, rating },
      'Give kind "rating" with a rating, or leave the rating out.',
    );
}
