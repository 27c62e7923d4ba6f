import { type Catalog, type ChatMessage, quoteForPrompt } from '@palate/core';
import { descriptiveFields } from '../descriptive-fields.js';
import { withInstruction } from '../with-instruction.js';
import type { RatingRows, RatingScale } from './rating-rows.js';

/** How rows are put into words. */
export interface RatingPromptOptions {
  readonly catalog: Catalog;
  readonly scale: RatingScale;
  /** Catalogue fields that describe an item. Default title and genres, as far as there are such. */
  readonly fields?: readonly string[] | undefined;
  /** Rows of other users that are shown with their answers; none for zero-shot. */
  readonly examples?: RatingRows | undefined;
  /** False to put the instruction at the head of the question, for models without a system role. Default true. */
  readonly systemRole?: boolean | undefined;
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
  const instruction = `You predict how a person rates something, from ${scale.min} to ${scale.max}. Answer with one number and nothing else.`;
  const asked = [...shots, `${question(rows, row, options)}\nRating:`].join('\n\n');
  return withInstruction(instruction, options.systemRole !== false, [{ role: 'user', content: asked }]);
}

/**
 * Lines of an OpenAI fine-tuning file, one conversation a row: the very messages that `LlmRater` asks with the same
 * options, and the rating.
 *
 * @param rows - of the training data
 */
export function ratingFineTuningLines(rows: RatingRows, options: RatingPromptOptions): string[] {
  return Array.from(rows.rating, (rating, row) =>
    JSON.stringify({
      messages: [
        ...ratingMessages(rows, row, options),
        { role: 'assistant', content: String(Number(rating.toFixed(3))) },
      ],
    }),
  );
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
