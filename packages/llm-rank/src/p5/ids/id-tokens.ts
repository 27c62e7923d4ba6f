import { contentHash, InvalidInputError } from '@palate/core';
import type { TextTokens } from '@palate/llm';
import { wordsIn } from '../words-in.js';
import type { IdNames } from './id-names.js';

/**
 * A vocabulary with the names of users and items: each piece of a name is a new token behind those of the vocabulary, whatever
 * its letters, so that names never fall apart into tokens of common words.
 */
export class IdTokens implements TextTokens {
  readonly id: string;
  readonly size: number;
  readonly end: number | undefined;
  readonly padding: number;
  /** The vocabulary of the other words. */
  readonly base: TextTokens;
  /** Pieces of names in the order of their tokens, the first being that behind the vocabulary. */
  readonly pieces: readonly string[];
  readonly #names = new Map<string, Int32Array>();

  /** @throws InvalidInputError if a name is there twice, or two names have the same pieces */
  constructor(base: TextTokens, all: readonly IdNames[]) {
    this.base = base;
    const tokens = new Map<string, number>();
    const known = new Set<string>();
    const refuse = (received: string): never => {
      throw new InvalidInputError({
        expected: 'different names with different pieces',
        received,
        hint: 'Name users and items by another scheme.',
      });
    };
    for (const { names, pieces } of all)
      for (const [k, name] of names.entries()) {
        const own = (pieces[k] ?? []).map((piece) => {
          const token = tokens.get(piece) ?? base.size + tokens.size;
          tokens.set(piece, token);
          return token;
        });
        const key = own.join();
        if (own.length === 0 || known.has(key))
          refuse(`${name} with the pieces of another name, or with none`);
        if (this.#names.has(name) || /\s/u.test(name)) refuse(`${name} twice, or with white space`);
        known.add(key);
        this.#names.set(name, Int32Array.from(own));
      }
    this.pieces = [...tokens.keys()];
    this.size = base.size + this.pieces.length;
    this.end = base.end;
    this.padding = base.padding;
    this.id = `${base.id}+ids:${contentHash([this.pieces, [...this.#names.keys()], [...known]]).slice(0, 16)}`;
  }

  /** Tokens of a name; undefined for other words. */
  tokensOf(name: string): Int32Array | undefined {
    return this.#names.get(name);
  }

  encode(text: string): Int32Array {
    const found: number[] = [];
    let plain: string[] = [];
    const flush = (): void => {
      if (plain.length > 0) found.push(...this.base.encode(plain.join(' ')));
      plain = [];
    };
    for (const word of wordsIn(text)) {
      const name = this.#names.get(word);
      if (name) {
        flush();
        found.push(...name);
      } else plain.push(word);
    }
    flush();
    return Int32Array.from(found);
  }

  decode(ids: ArrayLike<number>): string {
    const parts: string[] = [];
    let plain: number[] = [];
    let isName = false;
    const flush = (): void => {
      const text = plain.length > 0 ? this.base.decode(plain) : '';
      if (text !== '') parts.push(text);
      plain = [];
    };
    for (const id of Array.from(ids)) {
      const piece = this.pieces[id - this.base.size];
      if (piece === undefined) {
        plain.push(id);
        isName = false;
      } else {
        flush();
        if (isName) parts[parts.length - 1] += piece;
        else parts.push(piece);
        isName = true;
      }
    }
    flush();
    return parts.join(' ');
  }

  files(): Readonly<Record<string, string>> {
    return this.base.files();
  }
}
