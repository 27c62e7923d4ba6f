import {
  checkNumber,
  OutcomeCounter,
  type OutcomeOptions,
  type Provenance,
  UnsupportedError,
} from '@palate/core';
import { TokenTrie } from '@palate/nn';
import { clip, type RatingPredictor, type RatingRows } from '../rating/rating-rows.js';
import { type P5Questions, readsUser } from './ask-p5.js';
import { decimals } from './tasks/decimals.js';
import { starsOf } from './tasks/material.js';
import type { P5Template } from './templates/template.js';
import { endOf, type TextSource } from './text-row.js';

/** Predicts ratings by writing them: greedily, among the numbers with one decimal that the scale has. */
export class P5Ratings implements RatingPredictor {
  readonly name: string;
  readonly provenance: Provenance | undefined;
  readonly #questions: P5Questions;
  readonly #template: P5Template;

  constructor(questions: P5Questions, template: P5Template, name: string) {
    this.#questions = questions;
    this.#template = template;
    this.name = name;
    this.provenance = questions.parts.provenance;
  }

  async predict(rows: RatingRows, options: OutcomeOptions = {}): Promise<Float32Array> {
    const { parts } = this.#questions;
    const { ratings } = parts;
    if (!ratings)
      throw new UnsupportedError({
        expected: 'a P5 that was fitted on ratings',
        received: 'one without',
        hint: 'Fit on a rated log.',
      });
    const { scale, mean } = ratings;
    const counter = new OutcomeCounter(this.name, rows.user.length);
    const predictions = new Float32Array(rows.user.length).fill(mean);
    const asked: number[] = [];
    const sources: TextSource[] = [];
    for (const [row, user] of rows.user.entries()) {
      const item = checkNumber(`the item of row ${row}`, rows.item[row], {
        min: 0,
        max: parts.items.size - 1,
        integer: true,
      });
      const name = parts.userNames.names[user];
      if (name === undefined && readsUser(this.#template)) {
        counter.fallBack('unknown user: mean rating');
        continue;
      }
      asked.push(row);
      sources.push(
        this.#questions.source(this.#template, {
          user: name ?? '',
          item: parts.itemNames.names[item] as string,
          title: parts.titles[item] as string,
          least: starsOf(scale.min),
          most: starsOf(scale.max),
        }),
      );
    }
    const numbers = decimals(scale);
    const trie = new TokenTrie(
      numbers.map((number) => this.#questions.answer(number)),
      endOf(parts.tokens),
    );
    const written = await parts.model.generate(sources, { maxTokens: 16, among: trie });
    for (const [k, [best]] of written.entries()) {
      const number = numbers[trie.find(best?.tokens ?? [])];
      if (number === undefined) counter.fallBack('answer not a rating: mean rating');
      else predictions[asked[k] as number] = clip(Number(number), scale);
    }
    options.onOutcomes?.(counter.counts());
    return predictions;
  }
}

/**
 * The template by which ratings are asked for.
 *
 * @param id - of the one that was named; one that was trained on if left out
 * @throws UnsupportedError if it asks for no number, or ratings were not trained
 */
export function ratingTemplate(questions: P5Questions, id: string | undefined): P5Template {
  const template =
    id === undefined
      ? questions.trained('rating', ({ target }) => target === 'rating')
      : questions.template(id, ['rating']);
  if (template?.target === 'rating') return template;
  throw new UnsupportedError({
    expected: 'a template that asks for a rating as a number, of a P5 trained on ratings',
    received: template ? `${template.id}, which asks for ${template.target}` : 'none',
    hint: "Fit on a rated log with the family 'rating', and ask by a template such as 1-1.",
  });
}
