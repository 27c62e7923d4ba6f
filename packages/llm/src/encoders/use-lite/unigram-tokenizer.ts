import { InvalidInputError } from '@palate/core';

/** Pieces of the vocabulary before this one are control symbols that no text contains. */
const RESERVED = 6;
const SPACE = '\u2581';
const UNKNOWN = 0;

/** Pieces with their log-probabilities. */
export type Vocabulary = readonly (readonly [string, number | null])[];

interface Node {
  readonly next: Map<string, Node>;
  /** The piece that ends here. */
  piece: number;
}

/**
 * Splits text into the pieces of a SentencePiece unigram vocabulary: of all ways to cut it, the one with the highest
 * sum of scores (Kudo 2018), by one pass over the characters.
 */
export class UnigramTokenizer {
  readonly #root: Node = { next: new Map(), piece: -1 };
  readonly #scores: Float64Array;

  /** @param vocabulary - pieces with their log-probabilities, in the order of their ids; no score counts as 0 */
  constructor(vocabulary: Vocabulary) {
    this.#scores = Float64Array.from(vocabulary, ([, score]) => score ?? 0);
    for (const [id, [piece, score]] of vocabulary.entries()) {
      if (typeof piece !== 'string' || !(score === null || typeof score === 'number'))
        throw new InvalidInputError({
          expected: 'pairs of a piece and a score',
          received: JSON.stringify(vocabulary[id]),
          hint: 'Use the vocabulary of the model as it is.',
        });
      if (id < RESERVED) continue;
      let node = this.#root;
      for (const character of piece) {
        let child = node.next.get(character);
        if (!child) {
          child = { next: new Map(), piece: -1 };
          node.next.set(character, child);
        }
        node = child;
      }
      node.piece = id;
    }
  }

  /** Ids of the pieces of a text; runs of characters that the vocabulary lacks become one unknown piece. */
  encode(text: string): Int32Array {
    const normalised = text.normalize('NFKC');
    if (normalised.length === 0) return new Int32Array(0);
    const characters = [...`${SPACE}${normalised.replaceAll(' ', SPACE)}`];
    const n = characters.length;
    // Best way to write the first `end` characters: its score, its last piece and where that begins.
    const best = new Float64Array(n + 1).fill(Number.NEGATIVE_INFINITY);
    const piece = new Int32Array(n + 1);
    const begin = new Int32Array(n + 1);
    best[0] = 0;
    for (let start = 0; start < n; start++) {
      let node: Node | undefined = this.#root;
      for (let end = start; end < n; end++) {
        node = node.next.get(characters[end] as string);
        if (!node) break;
        if (node.piece < 0) continue;
        const score = best[start]! + this.#scores[node.piece]!;
        if (score >= best[end + 1]!) {
          best[end + 1] = score;
          piece[end + 1] = node.piece;
          begin[end + 1] = start;
        }
      }
      // A character that no piece covers stands for itself, at no cost: it cannot be avoided.
      if (best[start + 1] === Number.NEGATIVE_INFINITY) {
        best[start + 1] = best[start]!;
        piece[start + 1] = UNKNOWN;
        begin[start + 1] = start;
      }
    }
    const ids: number[] = [];
    for (let end = n; end > 0; end = begin[end]!) {
      const id = piece[end]!;
      if (!(id === UNKNOWN && ids.at(-1) === UNKNOWN)) ids.push(id);
    }
    return Int32Array.from(ids.reverse());
  }
}
