import stringWidth from 'string-width';

/**
 * A text that comes in pieces, written word by word in lines of a width: each word as soon as it is known to be over. A
 * word that is longer than a line stands alone and whole.
 *
 * @example
 * ```ts
 * const text = new FlowingText(process.stdout.write.bind(process.stdout), 60);
 * for await (const piece of pieces) text.add(piece);
 * text.end();
 * ```
 */
export class FlowingText {
  readonly #write: (text: string) => void;
  readonly #width: number;
  /** The word that is not over yet. */
  #word = '';
  /** Columns of the line so far. */
  #taken = 0;

  /** @param width - columns of a line */
  constructor(write: (text: string) => void, width: number) {
    this.#write = write;
    this.#width = width;
  }

  /** Takes the next piece: blanks end words, line feeds end lines. */
  add(piece: string): void {
    for (const part of piece.split(/(\s+)/)) {
      if (part === '') continue;
      if (part.trim() !== '') {
        this.#word += part;
        continue;
      }
      this.#endWord();
      if (part.includes('\n')) this.#endLine();
    }
  }

  /** Writes the last word, and ends the line. */
  end(): void {
    this.#endWord();
    this.#endLine();
  }

  #endWord(): void {
    if (this.#word === '') return;
    const width = stringWidth(this.#word);
    if (this.#taken > 0 && this.#taken + 1 + width > this.#width) this.#endLine();
    this.#write(this.#taken > 0 ? ` ${this.#word}` : this.#word);
    this.#taken += width + (this.#taken > 0 ? 1 : 0);
    this.#word = '';
  }

  /** Blank lines are left out. */
  #endLine(): void {
    if (this.#taken > 0) this.#write('\n');
    this.#taken = 0;
  }
}
