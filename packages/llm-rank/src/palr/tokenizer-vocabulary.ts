import type { IdMap } from '@palate/core';
import type { TextTokens } from '@palate/llm';
import type { T5Config } from '@palate/nn';
import type { RankerMark, RankerVocabulary } from './ranker-vocabulary.js';

/** How each part of an input is announced; a pretrained model knows words, but no marks of ours. */
const PHRASES = {
  recommend: 'Recommend what comes next.',
  recommendRetrieval: 'Recommend from the candidates what comes next.',
  profile: 'What this person likes:',
  history: 'History, oldest first:',
  candidates: 'Candidates:',
} as const;

/** The words of a local ranker that starts from a folder: its tokenizer's tokens, then one token an item. */
export class TokenizerVocabulary implements RankerVocabulary {
  readonly items: IdMap;
  readonly firstItem: number;
  readonly marks: Readonly<Record<RankerMark, readonly number[]>>;
  /** Some three tokens a word. */
  readonly profileLength = 48;
  readonly #tokenizer: TextTokens;

  /** @param config - of the T5 with its items: the last tokens are theirs */
  constructor(tokenizer: TextTokens, items: IdMap, config: T5Config) {
    this.#tokenizer = tokenizer;
    this.items = items;
    this.firstItem = config.vocab_size - items.size;
    this.marks = {
      recommend: Array.from(tokenizer.encode(PHRASES.recommend)),
      recommendRetrieval: Array.from(tokenizer.encode(PHRASES.recommendRetrieval)),
      profile: Array.from(tokenizer.encode(PHRASES.profile)),
      history: Array.from(tokenizer.encode(PHRASES.history)),
      candidates: Array.from(tokenizer.encode(PHRASES.candidates)),
      // T5 was trained on inputs that end with it.
      end: [config.eos_token_id],
    };
  }

  get size(): number {
    return this.firstItem + this.items.size;
  }

  profile(text: string): readonly number[] {
    return Array.from(this.#tokenizer.encode(text).subarray(0, this.profileLength));
  }

  files(): Readonly<Record<string, string>> {
    return this.#tokenizer.files();
  }
}
