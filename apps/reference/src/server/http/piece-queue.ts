/** Pieces that come by calls, read as they come. */
export class PieceQueue {
  readonly #pieces: string[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly error?: unknown } | undefined;

  push(piece: string): void {
    this.#pieces.push(piece);
    this.#wake?.();
  }

  /** Ends the pieces, by an error where there is one. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) yield piece;
      else if (this.#end) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      } else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
