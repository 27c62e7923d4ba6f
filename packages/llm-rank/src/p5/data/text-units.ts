import { type InteractionLog, InvalidInputError, LeakError, nearestName } from '@palate/core';
import type { ExplanationUnit, ReviewUnit } from '../tasks/material.js';

/** A review by external ids. */
export interface P5Review {
  readonly user: string;
  readonly item: string;
  readonly text: string;
  /** Headline. */
  readonly summary?: string | undefined;
}

/** A sentence that says why a user has, or likes, an item, by external ids. */
export interface P5Explanation {
  readonly user: string;
  readonly item: string;
  readonly text: string;
  /** A word that the sentence speaks of, which a question can ask for. */
  readonly feature?: string | undefined;
}

/** Texts of interactions. */
export interface P5Texts {
  readonly reviews?: readonly P5Review[] | undefined;
  readonly explanations?: readonly P5Explanation[] | undefined;
}

/** A pair of the log with what is known of it. */
interface Pair {
  readonly user: number;
  readonly item: number;
  readonly rating: number | undefined;
}

/** Finds pairs of user and item in a log. */
class Pairs {
  readonly #log: InteractionLog;
  readonly #rows = new Map<number, number>();

  constructor(log: InteractionLog) {
    this.#log = log;
    for (let row = 0; row < log.length; row++)
      this.#rows.set((log.user[row] as number) * log.items.size + (log.item[row] as number), row);
  }

  /** @throws LeakError for a pair that is not in the log */
  find(what: string, userId: string, itemId: string): Pair {
    const { users, items, rating } = this.#log;
    const user = users.find(userId);
    const item = items.find(itemId);
    const row =
      user === undefined || item === undefined ? undefined : this.#rows.get(user * items.size + item);
    if (user === undefined || item === undefined || row === undefined)
      throw new LeakError({
        expected: `${what} of pairs of user and item that are in the training data`,
        received: `user ${JSON.stringify(userId)} with item ${JSON.stringify(itemId)}, which is not`,
        hint: 'Give only the texts of the training part: the text of a held-out pair would reveal to one task what another is tested on.',
      });
    return { user, item, rating: rating?.[row] };
  }
}

/**
 * Turns texts into units of training.
 *
 * Every text has to be one of a pair in the training log. So no pair that is held out, whatever for, can come into a row of
 * any family: the tasks of the other families read the log alone.
 *
 * @throws LeakError naming the first text whose pair is not in the log
 * @throws InvalidInputError for an empty text, a review of an unrated interaction, or a feature of several words
 */
export function textUnits(
  log: InteractionLog,
  { reviews = [], explanations = [] }: P5Texts,
): { readonly reviews: readonly ReviewUnit[]; readonly explanations: readonly ExplanationUnit[] } {
  const pairs = new Pairs(log);
  return {
    reviews: reviews.map(({ user, item, text, summary }) => {
      const pair = pairs.find('reviews', user, item);
      checkText('reviews', text, user, item);
      if (pair.rating === undefined)
        throw new InvalidInputError({
          expected: 'ratings beside the reviews',
          received: 'a log without ratings',
          hint: 'Give a rated log, or leave the reviews out.',
        });
      return { ...pair, rating: pair.rating, text, summary: summary?.trim() || undefined };
    }),
    explanations: explanations.map(({ user, item, text, feature }) => {
      const pair = pairs.find('explanations', user, item);
      checkText('explanations', text, user, item);
      return { ...pair, text, feature: feature?.trim() || undefined };
    }),
  };
}

function checkText(what: string, text: string, user: string, item: string): void {
  if (/\S/u.test(text)) return;
  throw new InvalidInputError({
    expected: `${what} with words`,
    received: `an empty text of user ${JSON.stringify(user)} and item ${JSON.stringify(item)}`,
    hint: 'Leave empty texts out.',
  });
}

/**
 * Refuses texts with fields that are not known, as misspelt ones are.
 *
 * @throws InvalidInputError naming the field
 */
export function checkTexts(texts: P5Texts): void {
  for (const name of Object.keys(texts))
    if (name !== 'reviews' && name !== 'explanations')
      throw new InvalidInputError({
        expected: 'reviews or explanations',
        received: JSON.stringify(name),
        hint: `Did you mean ${nearestName(name, ['reviews', 'explanations']) ?? 'reviews'}?`,
      });
}
