import { checkNumber } from '@palate/core';
import type { TextTokens } from '@palate/llm';
import { wordsIn } from './words-in.js';

/** The token that ends a text. Vocabularies without an end mark it by padding, which nothing else is written as. */
export const endOf = ({ end, padding }: Pick<TextTokens, 'end' | 'padding'>): number => end ?? padding;

/** An input of a text-to-text model. */
export interface TextSource {
  /** Tokens, the end token being the last. */
  readonly source: Int32Array;
  /** For each token the number of the word that it belongs to, counted from 1; 0 for the end. */
  readonly words: Int32Array;
}

/** A row of training: an input, and the tokens to be written, the end token being the last. */
export interface TextRow extends TextSource {
  readonly target: Int32Array;
}

/** How many texts were longer than what is read of them. */
export interface CutTexts {
  /** Inputs that lost their end. */
  inputs: number;
  /** Outputs that lost their end. */
  outputs: number;
}

/** Turns texts into rows of tokens with the word that each belongs to: what stands between white space is one word. */
export class RowTexts {
  /** Cut texts since this was made. */
  readonly cut: CutTexts = { inputs: 0, outputs: 0 };
  readonly #tokens: TextTokens;
  readonly #end: number;
  readonly #inputTokens: number;
  readonly #outputTokens: number;
  readonly #known = new Map<string, Int32Array>();

  /**
   * @param inputTokens - most tokens of an input, its end included. Default 512, as the paper has
   * @param outputTokens - most tokens of an output, its end included. Default 64
   */
  constructor(
    tokens: TextTokens,
    { inputTokens = 512, outputTokens = 64 }: { inputTokens?: number; outputTokens?: number } = {},
  ) {
    this.#tokens = tokens;
    this.#end = endOf(tokens);
    this.#inputTokens = checkNumber('inputTokens', inputTokens, { min: 2, integer: true });
    this.#outputTokens = checkNumber('outputTokens', outputTokens, { min: 2, integer: true });
  }

  /** Tokens of one word, uncut. */
  wordPieces(word: string): Int32Array {
    let pieces = this.#known.get(word);
    if (!pieces) {
      pieces = this.#tokens.encode(word);
      this.#known.set(word, pieces);
    }
    return pieces;
  }

  /** How many tokens a text has, its end included: more than `inputTokens` where an input would be cut. */
  lengthOf(text: string): number {
    let length = 1;
    for (const word of wordsIn(text)) length += this.wordPieces(word).length;
    return length;
  }

  /** An input; what does not fit is cut, and counted. */
  source(text: string): TextSource {
    const { ids, words, cut } = this.#pieces(text, this.#inputTokens);
    if (cut) this.cut.inputs++;
    return { source: ids, words };
  }

  /** An output; what does not fit is cut, and counted. */
  target(text: string): Int32Array {
    const { ids, cut } = this.#pieces(text, this.#outputTokens);
    if (cut) this.cut.outputs++;
    return ids;
  }

  /** A row of training. */
  row(source: string, target: string): TextRow {
    return { ...this.source(source), target: this.target(target) };
  }

  #pieces(text: string, most: number): { ids: Int32Array; words: Int32Array; cut: boolean } {
    const ids: number[] = [];
    const numbers: number[] = [];
    let number = 0;
    for (const word of wordsIn(text)) {
      number++;
      for (const piece of this.wordPieces(word)) {
        ids.push(piece);
        numbers.push(number);
      }
    }
    const kept = Math.min(ids.length, most - 1);
    const source = new Int32Array(kept + 1);
    const words = new Int32Array(kept + 1);
    for (let k = 0; k < kept; k++) {
      source[k] = ids[k] as number;
      words[k] = numbers[k] as number;
    }
    source[kept] = this.#end;
    return { ids: source, words, cut: kept < ids.length };
  }
}
