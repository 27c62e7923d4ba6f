import { type Dataset, foldedWords, InvalidInputError } from '@palate/core';
import { titleMatcher } from '@palate/llm-rank';

/** A title in the form in which titles are compared, without its year. */
const plain = (title: string): string => foldedWords(title.replace(/\s*\(\d{4}\)\s*$/, '')).join(' ');

/** Number of single-letter changes between two texts (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    row = next;
  }
  return row[b.length] as number;
}

/** Share of changed letters up to which a title may have been meant. */
const FARTHEST = 0.6;

/** A title found for what was typed. */
export interface FoundTitle {
  readonly item: number;
  readonly title: string;
}

/**
 * Finds the item that a typed title means: the exact title, then the same words without case, accents and articles, of
 * the year where one is typed; of several the most rated one.
 *
 * @throws InvalidInputError with the nearest titles, where some are near, if there is none
 */
export function findTitle(typed: string, dataset: Dataset): FoundTitle {
  const titles = dataset.catalog.text.title ?? [];
  const counts = dataset.log.itemCounts();
  const mostRated = (items: readonly number[]): FoundTitle | undefined => {
    const [item] = [...items].sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0));
    return item === undefined ? undefined : { item, title: titles[item] ?? '' };
  };
  const found = mostRated(titleMatcher(titles).same(typed));
  if (found) return found;
  const wanted = plain(typed);
  const near = titles
    .map((title, item) => {
      const words = plain(title);
      const holds = wanted.length > 2 && words.includes(wanted);
      return {
        title,
        item,
        distance: holds ? 0.5 : editDistance(words, wanted) / Math.max(words.length, wanted.length, 1),
      };
    })
    .filter(({ distance }) => distance <= FARTHEST)
    .sort((a, b) => a.distance - b.distance || (counts[b.item] ?? 0) - (counts[a.item] ?? 0));
  throw new InvalidInputError({
    expected: 'the title or the id of an item in the data set',
    received: JSON.stringify(typed.trim()),
    hint:
      near.length === 0
        ? titles.length === 0
          ? 'The items have no titles: name them by their ids.'
          : 'Search for it with `palate search`.'
        : `Did you mean ${near
            .slice(0, 3)
            .map(({ title }) => title)
            .join('; or ')}?`,
  });
}
