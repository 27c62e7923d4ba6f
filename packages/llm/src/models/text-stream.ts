import { CancelledError, type GenerateResult } from '@palate/core';

/**
 * An answer while it is written: an async iterable of its pieces of text, and the whole result at its end.
 *
 * @example
 * ```ts
 * const stream = model.stream({ messages: [{ role: 'user', content: 'Why this film?' }] });
 * for await (const piece of stream) process.stdout.write(piece);
 * const { usage } = await stream.result;
 * ```
 */
export class TextStream implements AsyncIterable<string> {
  /** The whole answer; rejects as iterating does. */
  readonly result: Promise<GenerateResult>;
  readonly #pieces: string[] = [];
  readonly #stop = new AbortController();
  #ended = false;
  #wake: () => void = () => {};

  /**
   * @param signal - cancels the call
   * @param call - makes it; started at once
   */
  constructor(
    signal: AbortSignal | undefined,
    call: (signal: AbortSignal, onText: (piece: string) => void) => Promise<GenerateResult>,
  ) {
    const either = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    this.result = call(either, (piece) => {
      this.#pieces.push(piece);
      this.#wake();
    })
      .catch((error: unknown) => {
        throw either.aborted ? new CancelledError('streaming', either.reason) : error;
      })
      .finally(() => {
        this.#ended = true;
        this.#wake();
      });
    // Who only iterates learns of a failure there; it must not also count as unhandled.
    this.result.catch(() => {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    try {
      for (;;) {
        const piece = this.#pieces.shift();
        if (piece !== undefined) yield piece;
        else if (this.#ended) break;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
      await this.result;
    } finally {
      if (!this.#ended) this.#stop.abort();
    }
  }
}
