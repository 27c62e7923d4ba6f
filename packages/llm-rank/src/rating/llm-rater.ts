import {
  checkNumber,
  checkOptions,
  type LanguageModel,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
} from '@palate/core';
import { meanPredictor } from './mean-predictors.js';
import { parseRating, RATING_PROMPT, type RatingPromptOptions, ratingMessages } from './rating-prompts.js';
import type { RatingPredictor, RatingRows, RatingTask } from './rating-rows.js';
import { takeRows } from './rating-rows.js';

/** Options of {@link LlmRater}. */
export interface LlmRaterOptions extends LongCallOptions, Pick<RatingPromptOptions, 'fields'> {
  readonly model: LanguageModel;
  /** Rows of other users shown with their answers: 0 for zero-shot, 3 in the paper. Default 0. */
  readonly shots?: number;
}

/**
 * Rating prediction by asking a language model (Kang et al. 2023). An answer without a number in the scale counts as a
 * failure and becomes the mean of the user's past.
 */
export class LlmRater implements RatingPredictor {
  readonly name: string;
  readonly #task: RatingTask;
  readonly #options: LlmRaterOptions;
  readonly #examples: RatingRows;
  #asked = 0;
  #failed = 0;

  /** @param task - training rows, of which the examples are the last of as many users */
  constructor(task: RatingTask, options: LlmRaterOptions) {
    checkOptions('LlmRater', options, [...LONG_CALL_OPTIONS, 'model', 'shots', 'fields']);
    const shots = checkNumber('shots', options.shots ?? 0, { min: 0, integer: true });
    this.name = `${options.model.id}, ${shots === 0 ? 'zero-shot' : `${shots}-shot`}`;
    this.#task = task;
    this.#options = options;
    const positions: number[] = [];
    const users = new Set<number>();
    for (let row = task.train.item.length - 1; row >= 0 && positions.length < shots; row--) {
      if (users.has(task.train.user[row]!)) continue;
      users.add(task.train.user[row]!);
      positions.push(row);
    }
    this.#examples = takeRows(task.train, positions);
  }

  /** Requests so far, and those that gave no usable number. */
  get counts(): { readonly asked: number; readonly failed: number } {
    return { asked: this.#asked, failed: this.#failed };
  }

  async predict(rows: RatingRows): Promise<Float32Array> {
    const { model, fields, signal, onProgress } = this.#options;
    const { scale, dataset } = this.#task;
    const outcomes = await model.generate(
      Array.from({ length: rows.item.length }, (_, row) => ({
        messages: ratingMessages(rows, row, {
          catalog: dataset.catalog,
          scale,
          examples: this.#examples,
          ...(fields ? { fields } : {}),
        }),
        temperature: 0,
        maxTokens: 8,
        promptVersion: RATING_PROMPT,
      })),
      { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) },
    );
    const fallback = await meanPredictor(this.#task, 'user').predict(rows);
    return Float32Array.from(outcomes, (outcome, row) => {
      this.#asked++;
      const value = outcome.ok ? parseRating(outcome.result.text, scale) : undefined;
      if (value === undefined) this.#failed++;
      return value ?? fallback[row]!;
    });
  }
}
