import { defineOptions, InvalidInputError, type OptionsOf, option, wordsOf } from '@palate/core';
import type { RequestGivenItem, RequestLikelihood } from './request-likelihood.js';

/** Options of {@link UnigramLikelihood}. */
export const UNIGRAM_LIKELIHOOD = defineOptions(
  'UnigramLikelihood',
  {
    mu: option.number({ min: 1e-6 }).optional({
      doc: 'weight of the collection, in words; the mean length of the texts if left out',
    }),
  },
  [],
);

/** Options of {@link UnigramLikelihood}; {@link UNIGRAM_LIKELIHOOD} says what each does. */
export type UnigramLikelihoodOptions = OptionsOf<typeof UNIGRAM_LIKELIHOOD.declarations>;

/** Counts of words. */
const counted = (words: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
};

/** A request with what its words have of the collection alone. */
interface ReadRequest {
  readonly request: string;
  /** Each once, with how often it occurs; `share` is its weight in the collection, and `log` the logarithm of that. */
  readonly words: readonly {
    readonly word: string;
    readonly count: number;
    readonly share: number;
    readonly log: number;
  }[];
  readonly length: number;
  /** Sum of the logarithms over all words. */
  readonly ofCollection: number;
}

/**
 * Query likelihood by Dirichlet-smoothed unigrams (Zhai and Lafferty 2001): a word of the request has the probability
 * `(tf + mu * p(word | collection)) / (length + mu)` in an item's text. Words that no text has count half an occurrence in
 * the collection.
 *
 * @example
 * ```ts
 * const scorer = new UnigramLikelihood(['a heist in Paris', 'a quiet farm']);
 * const [heist, farm] = await scorer.logLikelihoods([
 *   { request: 'some heist', item: 'a heist in Paris' },
 *   { request: 'some heist', item: 'a quiet farm' },
 * ]);
 * ```
 */
export class UnigramLikelihood implements RequestLikelihood {
  readonly name = 'unigram likelihood';
  readonly #collection: ReadonlyMap<string, number>;
  readonly #total: number;
  readonly #mu: number;
  /** Words of the texts that were asked about, counted once. */
  readonly #texts = new Map<
    string,
    { readonly counts: ReadonlyMap<string, number>; readonly length: number }
  >();

  /** The request that was read last: it is asked about with one text after another. */
  #request: ReadRequest | undefined;

  /**
   * @param texts - of the items, with all that is known of them
   * @throws InvalidInputError if there is no word in them
   */
  constructor(texts: readonly string[], options: UnigramLikelihoodOptions = {}) {
    const { mu } = UNIGRAM_LIKELIHOOD.settings(options);
    const words = texts.flatMap(wordsOf);
    if (words.length === 0)
      throw new InvalidInputError({
        expected: 'texts with words',
        received: `${texts.length} texts without any`,
        hint: 'Give the texts of the items.',
      });
    this.#collection = counted(words);
    this.#total = words.length;
    this.#mu = mu ?? Math.max(1, words.length / texts.length);
  }

  /** Nats a word of one request given one text. */
  logLikelihood({ request, item }: RequestGivenItem): number {
    const { words, length, ofCollection } = this.#read(request);
    if (length === 0) return 0;
    const text = this.#of(item);
    let sum = ofCollection - length * Math.log(text.length + this.#mu);
    for (const { word, count, share, log } of words) {
      const inText = text.counts.get(word);
      if (inText !== undefined) sum += count * (Math.log(inText + share) - log);
    }
    return sum / length;
  }

  async logLikelihoods(pairs: readonly RequestGivenItem[]): Promise<Float32Array> {
    return Float32Array.from(pairs, (pair) => this.logLikelihood(pair));
  }

  #read(request: string): ReadRequest {
    if (this.#request?.request === request) return this.#request;
    const all = wordsOf(request);
    const vocabulary = this.#collection.size;
    const words = Array.from(counted(all), ([word, count]) => {
      const inAll = ((this.#collection.get(word) ?? 0) + 0.5) / (this.#total + 0.5 * (vocabulary + 1));
      const share = this.#mu * inAll;
      return { word, count, share, log: Math.log(share) };
    });
    const ofCollection = words.reduce((sum, { count, log }) => sum + count * log, 0);
    this.#request = { request, words, length: all.length, ofCollection };
    return this.#request;
  }

  #of(text: string): { readonly counts: ReadonlyMap<string, number>; readonly length: number } {
    const known = this.#texts.get(text);
    if (known) return known;
    const words = wordsOf(text);
    const made = { counts: counted(words), length: words.length };
    this.#texts.set(text, made);
    return made;
  }
}
