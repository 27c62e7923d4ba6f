import { PalateError } from '@palate/core';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** Refuses what is more than can be answered in time, at once, instead of letting it wait. */
export class Admission {
  readonly #most: number;
  readonly #rate: RateLimiterMemory | undefined;
  #under = 0;

  /**
   * Makes an admission.
   *
   * @param most - requests that may be under way at once
   * @param perSecond - requests per client and second; no limit if left out
   */
  constructor(most: number, perSecond?: number) {
    this.#most = most;
    this.#rate =
      perSecond === undefined ? undefined : new RateLimiterMemory({ points: perSecond, duration: 1 });
  }

  /** Requests that are under way. */
  get under(): number {
    return this.#under;
  }

  /**
   * Counts a request of a client against its rate.
   *
   * @throws PalateError of code `too-many-requests`
   */
  async checkRate(client: string): Promise<void> {
    try {
      await this.#rate?.consume(client);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      throw new PalateError('too-many-requests', {
        expected: 'fewer requests per client and second',
        received: `${refused.consumedPoints}`,
        hint: `Ask again in ${Math.ceil(refused.msBeforeNext / 1000)} s.`,
        isRetryable: true,
      });
    }
  }

  /**
   * Lets requests in, or refuses them.
   *
   * @returns to be called once they are answered
   * @throws PalateError of code `overloaded`
   */
  enter(weight: number): () => void {
    // One call of any weight may enter where nothing is under way.
    if (this.#under > 0 && this.#under + weight > this.#most)
      throw new PalateError('overloaded', {
        expected: `at most ${this.#most} requests under way`,
        received: `${this.#under + weight}`,
        hint: 'Ask again in a moment.',
        isRetryable: true,
      });
    this.#under += weight;
    let isOver = false;
    return () => {
      if (!isOver) this.#under -= weight;
      isOver = true;
    };
  }
}
