import { OutcomeCounter, type OutcomeCounts, sumOutcomes } from '@palate/core';

/** Source of the counts that are of one request alone. */
export const ENGINE_SOURCE = 'engine';

/** Collects what became of one call: counts of the models, and the engine's own for each request. */
export class CallOutcomes {
  readonly #ofModels: OutcomeCounts[] = [];

  /** To be handed to models. */
  readonly onOutcomes = (outcomes: OutcomeCounts): void => {
    this.#ofModels.push(outcomes);
  };

  /** Counter of one request. */
  static counter(): OutcomeCounter {
    return new OutcomeCounter(ENGINE_SOURCE, 1);
  }

  /** Counts of a request, with those of the models that were asked in the same call. */
  of(own: OutcomeCounter): OutcomeCounts[] {
    return sumOutcomes([own.counts(), ...this.#ofModels]);
  }

  /** Counts of all requests of the call, with those of the models. */
  all(own: readonly OutcomeCounter[]): OutcomeCounts[] {
    return sumOutcomes([...own.map((each) => each.counts()), ...this.#ofModels]);
  }
}
