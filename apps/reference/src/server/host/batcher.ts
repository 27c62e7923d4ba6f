import { CancelledError } from '@palate/core';

/** An answer, and how many were asked for together with it. */
export interface Batched<A> {
  readonly answer: A;
  readonly batch: number;
}

interface Waiting<Q, A> {
  readonly request: Q;
  readonly signal: AbortSignal;
  readonly resolve: (answer: Batched<A>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Answers requests that come while others are being answered together, so that a model runs once for many. Nobody waits
 * for others to come: what is there is asked at once.
 */
export class Batcher<Q, A> {
  readonly #answer: (requests: readonly Q[]) => Promise<readonly A[]>;
  readonly #most: number;
  readonly #waiting: Waiting<Q, A>[] = [];
  #isRunning = false;

  /**
   * Makes a batcher.
   *
   * @param answer - answers requests in their order, or rejects for all of them
   * @param most - requests that are asked for together
   */
  constructor(answer: (requests: readonly Q[]) => Promise<readonly A[]>, most: number) {
    this.#answer = answer;
    this.#most = most;
  }

  ask(request: Q, signal: AbortSignal): Promise<Batched<A>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, signal, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Queries that arrive in the same turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group: Waiting<Q, A>[] = [];
      for (const each of this.#waiting.splice(0, this.#most))
        if (each.signal.aborted) each.reject(new CancelledError('answering'));
        else group.push(each);
      if (group.length > 0) await this.#answerTogether(group);
    }
    this.#isRunning = false;
  }

  async #answerTogether(group: readonly Waiting<Q, A>[]): Promise<void> {
    try {
      const answers = await this.#answer(group.map(({ request }) => request));
      for (const [k, { resolve }] of group.entries())
        resolve({ answer: answers[k] as A, batch: group.length });
    } catch (error) {
      // One request that cannot be answered is no reason to refuse the others.
      if (group.length > 1) for (const each of group) await this.#answerTogether([each]);
      else group[0]?.reject(error);
    }
  }
}
