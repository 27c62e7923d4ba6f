import { namesIn } from '@palate/command-line';
import { type Dataset, InvalidInputError, nearestName, UnknownIdError } from '@palate/core';
import type { Asker, Filter, FilterValue } from '@palate/engine';
import { findTitle } from '../titles.js';

/** Options by which somebody is named. */
export interface AskerOptions {
  readonly user?: string | undefined;
  /** Titles or ids, separated by semicolons. */
  readonly history?: string | undefined;
  /** A wish in words. */
  readonly text?: string | undefined;
}

/** The external id of an item that is named by its id or its title. */
export function itemOf(name: string, dataset: Dataset): string {
  const { items } = dataset.log;
  return items.has(name) ? name : items.idOf(findTitle(name, dataset).item);
}

/** External ids of items that are named by id or title, separated by semicolons. */
export function itemsOf(list: string, dataset: Dataset, option: string): string[] {
  const names = namesIn(list, ';');
  if (names.length === 0)
    throw new InvalidInputError({
      expected: `at least one title or id in ${option}`,
      received: JSON.stringify(list),
      hint: `Write ${option} "first title; second title".`,
    });
  return names.map((name) => itemOf(name, dataset));
}

/**
 * Who asks, as the options name them.
 *
 * @throws InvalidInputError for nobody, or for a user and a history at once
 * @throws UnknownIdError for a user that the data do not have
 */
export function askerOf({ user, history, text }: AskerOptions, dataset: Dataset): Asker {
  if (user !== undefined && history !== undefined) throw noAsker('both');
  if (user === undefined && history === undefined && (text ?? '').trim() === '') throw noAsker('neither');
  if (user !== undefined && !dataset.log.users.has(user)) {
    const meant = dataset.log.users.size <= 100_000 ? nearestName(user, [...dataset.log.users]) : undefined;
    if (meant !== undefined)
      throw new InvalidInputError({
        expected: 'a user of the data',
        received: JSON.stringify(user),
        hint: `Did you mean ${meant}?`,
      });
    throw new UnknownIdError(user, 'user');
  }
  return {
    user,
    text,
    history: history === undefined ? undefined : itemsOf(history, dataset, '--history'),
  };
}

function noAsker(received: string): InvalidInputError {
  return new InvalidInputError({
    expected: 'either --user ID or --history "title; title", or a request in words with --text',
    received,
    hint: 'Say for whom to recommend.',
  });
}

/**
 * A filter of conditions such as `category=Tea|Coffee`, `price<=20` and `price>=5`.
 *
 * @throws InvalidInputError for a condition that is none
 */
export function filterOf(conditions: readonly string[] | undefined): Filter | undefined {
  if (conditions === undefined || conditions.length === 0) return undefined;
  const filter: Record<string, FilterValue> = {};
  for (const condition of conditions) {
    const [, column = '', operator, value = ''] = /^(.+?)(<=|>=|=)(.+)$/.exec(condition) ?? [];
    const bound = Number(value);
    if (operator === undefined || (operator !== '=' && !Number.isFinite(bound)))
      throw new InvalidInputError({
        expected: 'conditions such as "category=Tea|Coffee" or "price<=20" in --filter',
        received: JSON.stringify(condition),
        hint: 'Give each condition in its own --filter.',
      });
    const before = filter[column.trim()];
    const range = typeof before === 'object' && !Array.isArray(before) ? before : {};
    filter[column.trim()] =
      operator === '=' ? namesIn(value, '|') : { ...range, [operator === '<=' ? 'max' : 'min']: bound };
  }
  return filter;
}
