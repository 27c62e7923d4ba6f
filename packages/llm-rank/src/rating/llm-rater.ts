import {
  defineOptions,
  type GenerateOutcome,
  InvalidInputError,
  type LanguageModel,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  type OptionsOf,
  OutcomeCounter,
  type OutcomeCounts,
  option,
  type Provenance,
  type SettingsOf,
  sumOutcomes,
} from '@palate/core';
import { descriptiveFields } from '../descriptive-fields.js';
import { meanPredictor } from './mean-predictors.js';
import { readRating } from './parse-rating.js';
import { RATING_PROMPT, type RatingPromptOptions, ratingMessages } from './rating-prompts.js';
import type { PredictOptions, RatingPredictor, RatingRows, RatingScale, RatingTask } from './rating-rows.js';
import { takeRows } from './rating-rows.js';

/** Options of {@link LlmRater}, beside `model` and `fields`. */
export const LLM_RATER = defineOptions(
  'LlmRater',
  {
    shots: option.integer({ min: 0 })({
      default: 0,
      doc: 'rows of other users shown with their answers: 0 for zero-shot, 3 in the paper',
    }),
    maxTokens: option.integer({ min: 1 })({
      default: 64,
      doc: 'most tokens of an answer; reasoning models need hundreds',
    }),
    temperature: option.number({ min: 0 })({ default: 0, doc: '0 for the likeliest answer' }),
    systemRole: option.boolean()({
      default: true,
      doc: 'false to put the instruction at the start of the question, for models without a system role',
    }),
  },
  [...LONG_CALL_OPTIONS, 'model', 'fields'],
);

/** Options of {@link LlmRater}; {@link LLM_RATER} says what each does. */
export type LlmRaterOptions = OptionsOf<typeof LLM_RATER.declarations> &
  LongCallOptions &
  Pick<RatingPromptOptions, 'fields'> & { readonly model: LanguageModel };

/**
 * Rating prediction by asking a language model (Kang et al. 2023). An answer that gives no rating for certain counts as
 * a failure and becomes the mean of the user's past; the failures are counted by cause.
 */
export class LlmRater implements RatingPredictor {
  readonly name: string;
  /** Knowledge of interactions in the fields of the catalogue that it shows. */
  readonly provenance: Provenance;
  readonly #task: RatingTask;
  readonly #options: LlmRaterOptions & SettingsOf<typeof LLM_RATER.declarations>;
  readonly #shots: number;
  /** The last rows of as many users as there are shots, and one more: a user is no example of its own. */
  readonly #examples: RatingRows;
  #outcomes: OutcomeCounts;

  /**
   * @param task - training rows, of which the examples are the last of as many users
   * @throws InvalidInputError for unknown options, or if the task has fewer users than there are shots
   */
  constructor(task: RatingTask, options: LlmRaterOptions) {
    const settings = LLM_RATER.settings(options);
    const { shots } = settings;
    this.name = `${options.model.id}, ${shots === 0 ? 'zero-shot' : `${shots}-shot`}`;
    const { catalog } = task.dataset;
    this.provenance = catalog.provenanceOf(options.fields ?? descriptiveFields(catalog));
    this.#task = task;
    this.#options = { ...options, ...settings };
    this.#shots = shots;
    const positions: number[] = [];
    const users = new Set<number>();
    for (let row = task.train.item.length - 1; row >= 0 && positions.length <= shots; row--) {
      if (users.has(task.train.user[row]!)) continue;
      users.add(task.train.user[row]!);
      positions.push(row);
    }
    if (positions.length < shots) throw tooFewExamples(shots, positions.length);
    this.#examples = takeRows(task.train, positions);
    this.#outcomes = new OutcomeCounter(this.name, 0).counts();
  }

  /** Requests so far, and those that gave no usable number. */
  get counts(): { readonly asked: number; readonly failed: number } {
    return { asked: this.#outcomes.asked, failed: this.#outcomes.fellBack };
  }

  /** Outcomes of the requests so far: failures by cause, with an example each, such as the server's own text. */
  get outcomes(): OutcomeCounts {
    return this.#outcomes;
  }

  async predict(rows: RatingRows, call: PredictOptions = {}): Promise<Float32Array> {
    const { model, fields, maxTokens, temperature, systemRole } = this.#options;
    const { scale, dataset } = this.#task;
    const outcomes = await model.generate(
      Array.from({ length: rows.item.length }, (_, row) => ({
        messages: ratingMessages(rows, row, {
          catalog: dataset.catalog,
          scale,
          examples: this.#examplesFor(rows.user[row]!),
          fields,
          systemRole,
        }),
        temperature,
        maxTokens,
        promptVersion: RATING_PROMPT,
      })),
      { signal: this.#options.signal, onProgress: this.#options.onProgress },
    );
    const fallback = await meanPredictor(this.#task, 'user').predict(rows);
    const counter = new OutcomeCounter(this.name, rows.item.length);
    const predictions = Float32Array.from({ length: rows.item.length }, (_, row) => {
      const read = ratingOf(outcomes[row], scale);
      if (read.ok) return read.value;
      counter.fallBack(read.cause, read.example);
      return fallback[row]!;
    });
    this.#outcomes = sumOutcomes([this.#outcomes, counter.counts()])[0] as OutcomeCounts;
    call.onOutcomes?.(counter.counts());
    return predictions;
  }

  #examplesFor(user: number): RatingRows {
    const others = Array.from(this.#examples.user.keys()).filter((at) => this.#examples.user[at] !== user);
    if (others.length < this.#shots) throw tooFewExamples(this.#shots, others.length);
    return takeRows(this.#examples, others.slice(0, this.#shots));
  }
}

/** The rating of an outcome, or the cause of its failure with the text of the server. */
function ratingOf(
  outcome: GenerateOutcome | undefined,
  scale: RatingScale,
):
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly cause: string; readonly example: string } {
  if (!outcome)
    return { ok: false, cause: 'no outcome', example: 'the model gave fewer outcomes than requests' };
  if (!outcome.ok) return { ok: false, cause: outcome.error.code, example: outcome.error.message };
  const { text, finishReason } = outcome.result;
  if (finishReason === 'filter') return { ok: false, cause: 'filtered', example: text };
  const read = readRating(text, scale, finishReason === 'length');
  return read.ok ? read : { ok: false, cause: read.fault, example: text };
}

function tooFewExamples(shots: number, found: number): InvalidInputError {
  return new InvalidInputError({
    expected: `training rows of ${shots} other users for ${shots}-shot prompts`,
    received: `rows of ${found}`,
    hint: 'Give more training rows, or ask with fewer shots.',
  });
}
