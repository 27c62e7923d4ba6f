import { type OutcomeCounts, sumOutcomes } from '@palate/core';

/** Counts the requests that were answered, with their outcomes. */
export class AnswerTotals {
  #answered = 0;
  #outcomes: readonly OutcomeCounts[] = [];

  get answered(): number {
    return this.#answered;
  }

  get outcomes(): readonly OutcomeCounts[] {
    return this.#outcomes;
  }

  add(answered: number, outcomes: readonly OutcomeCounts[]): void {
    this.#answered += answered;
    this.#outcomes = sumOutcomes([...this.#outcomes, ...outcomes]);
  }
}
