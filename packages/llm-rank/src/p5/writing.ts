import { type IdMap, InvalidInputError, type LongCallOptions, UnsupportedError } from '@palate/core';
import type { P5Questions } from './ask-p5.js';
import type { P5ExplanationRequest, P5ReviewRequest, P5WritingOptions } from './p5-types.js';
import { starsOf } from './tasks/material.js';
import type { Slots } from './tasks/slots.js';
import { reviewWords } from './tasks/text-tasks.js';
import type { P5Template } from './templates/template.js';

/** Answers of a fitted P5 in words: explanations, headlines and ratings of reviews, and filled questions of any template. */
export class P5Writing {
  readonly #questions: P5Questions;

  constructor(questions: P5Questions) {
    this.#questions = questions;
  }

  /**
   * Writes explanations; see `P5.explain`.
   *
   * @param asked - template by which they are asked for, where one was named
   */
  async explain(
    requests: readonly P5ExplanationRequest[],
    asked: string | undefined,
    options: P5WritingOptions,
  ): Promise<string[]> {
    const sources = requests.map(({ user, item, rating, feature }) => {
      const slots: Slots = {
        ...this.#pairSlots(user, item),
        ...(rating === undefined ? {} : { stars: starsOf(rating) }),
        ...(feature === undefined ? {} : { feature }),
      };
      return this.#questions.source(this.#explanationTemplate(asked, slots), slots);
    });
    return this.#questions.write(sources, options);
  }

  /** The template that was asked for, or of those trained on the one that reads most of what there is. */
  #explanationTemplate(asked: string | undefined, slots: Slots): P5Template {
    if (asked !== undefined) return this.#questions.template(asked, ['explanation']);
    const found = this.#questions.fullest('explanation', slots);
    if (found) return found;
    throw new UnsupportedError({
      expected: 'a P5 that was trained on explanations',
      received: `one trained on ${this.#questions.parts.tasks.join(', ')}`,
      hint: 'Pass texts with explanations to P5.fit.',
    });
  }

  /** Reads ratings out of reviews; see `P5.rateReviews`. */
  async rateReviews(reviews: readonly P5ReviewRequest[], options: LongCallOptions): Promise<Float32Array> {
    const answers = await this.askReviews(reviews, 'stars', options);
    return Float32Array.from(answers, (answer) => {
      const text = answer.replace(/\s/g, '');
      return text === '' ? Number.NaN : Number(text);
    });
  }

  /**
   * Answers questions about reviews.
   *
   * @param target - slot that the answer fills
   * @throws UnsupportedError if reviews with it were not trained
   */
  async askReviews(
    reviews: readonly P5ReviewRequest[],
    target: string,
    options: P5WritingOptions,
  ): Promise<string[]> {
    const template = this.#questions.trained('review', (each) => each.target === target);
    if (!template)
      throw new UnsupportedError({
        expected: 'a P5 that was trained on reviews',
        received: `one trained on ${this.#questions.parts.tasks.join(', ')}`,
        hint: 'Pass texts with reviews to P5.fit.',
      });
    return this.ask(
      template.id,
      reviews.map(({ user, text }) => ({ user: this.userName(user), review: reviewWords(text) })),
      options,
    );
  }

  /** Answers filled questions of any template; see `P5.ask`. */
  async ask(id: string, slots: readonly Slots[], options: P5WritingOptions): Promise<string[]> {
    const template = this.#questions.any(id);
    return this.#questions.write(
      slots.map((each) => this.#questions.source(template, each)),
      options,
    );
  }

  /** Name of a user in texts. */
  userName(user: string): string {
    const { users, userNames } = this.#questions.parts;
    return userNames.names[known(users, user, 'user')] as string;
  }

  #pairSlots(user: string, item: string): Slots {
    const { items, itemNames, titles } = this.#questions.parts;
    const at = known(items, item, 'item');
    return {
      user: this.userName(user),
      item: itemNames.names[at] as string,
      title: titles[at] as string,
    };
  }
}

function known(ids: IdMap, id: string, what: string): number {
  const found = ids.find(id);
  if (found !== undefined) return found;
  throw new InvalidInputError({
    expected: `a ${what} of the training data`,
    received: JSON.stringify(id),
    hint: `Ask about a ${what} that the model knows.`,
  });
}
