import { InvalidInputError } from '../basics/errors.js';
import type { Query, ScoredItem } from './retriever.js';

/**
 * Checks the lists that a ranker is given: one a query, of different items of the catalogue with finite scores.
 *
 * @throws InvalidInputError naming the query and the position in its list
 */
export function checkCandidates(
  queries: readonly Query[],
  candidates: readonly (readonly ScoredItem[])[],
  itemCount: number,
): void {
  if (candidates.length !== queries.length)
    throw new InvalidInputError({
      expected: `${queries.length} lists of candidates, one per query`,
      received: String(candidates.length),
      hint: 'Give an empty list where a query has none.',
    });
  for (const [q, list] of candidates.entries()) {
    if (!Array.isArray(list))
      throw new InvalidInputError({
        expected: `a list of candidates for query ${q}`,
        received: String(list),
        hint: 'Give an empty list where a query has none.',
      });
    const seen = new Set<number>();
    for (const [at, { item, score }] of (list as readonly ScoredItem[]).entries()) {
      if (!(Number.isInteger(item) && item >= 0 && item < itemCount))
        throw refused(q, at, `an item from 0 to ${itemCount - 1}`, String(item));
      if (seen.has(item)) throw refused(q, at, 'each item once', `item ${item} again`);
      if (!Number.isFinite(score)) throw refused(q, at, 'a finite score', String(score));
      seen.add(item);
    }
  }
}

const refused = (q: number, at: number, expected: string, received: string): InvalidInputError =>
  new InvalidInputError({
    expected: `${expected} in the candidates of query ${q}, position ${at}`,
    received,
    hint: 'Give the lists of a retriever over the same items.',
  });
