import { type Catalog, type ChatMessage, quoteForPrompt } from '@palate/core';
import { descriptiveFields } from '../descriptive-fields.js';
import type { RatingRows, RatingScale } from './rating-rows.js';

/** How rows are put into words. */
export interface RatingPromptOptions {
  readonly catalog: Catalog;
  readonly scale: RatingScale;
  /** Catalogue fields that describe an item. Default title and genres, as far as there are such. */
  readonly fields?: readonly string[] | undefined;
  /** Rows of other users that are shown with their answers; none for zero-shot. */
  readonly examples?: RatingRows | undefined;
}

/** Version of the words below; part of every cache key. */
export const RATING_PROMPT = 'rating@1';

/** The question for one row: the user's past ratings, the item, and a number to be given. */
export function ratingMessages(rows: RatingRows, row: number, options: RatingPromptOptions): ChatMessage[] {
  const { scale, examples } = options;
  const shots = Array.from({ length: examples?.item.length ?? 0 }, (_, k) => {
    const shown = examples as RatingRows;
    return `${question(shown, k, options)}\nRating: ${shown.rating[k]}`;
  });
  return [
    {
      role: 'system',
      content: `You predict how a person rates something, from ${scale.min} to ${scale.max}. Answer with one number and nothing else.`,
    },
    { role: 'user', content: [...shots, `${question(rows, row, options)}\nRating:`].join('\n\n') },
  ];
}

function question(rows: RatingRows, row: number, options: RatingPromptOptions): string {
  const { catalog } = options;
  const fields = options.fields ?? descriptiveFields(catalog);
  const describe = (item: number): string => quoteForPrompt(catalog.itemText(item, fields));
  const ratings = rows.historyRatings[row] as Float32Array;
  const history = Array.from(
    rows.history[row] as Int32Array,
    (item, k) => `- ${describe(item)}: ${ratings[k]}`,
  );
  return `Ratings of one person, oldest first:\n${history.join('\n')}\nTo be rated: ${describe(rows.item[row] as number)}`;
}
