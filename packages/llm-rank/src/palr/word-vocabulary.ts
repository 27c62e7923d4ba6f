import { type Dataset, IdMap, itemFiles } from '@palate/core';
import type { RankerVocabulary } from './ranker-vocabulary.js';

/** Tokens before all others: padding (which starts the decoder), the end, and marks of the parts of an input. */
const SPECIAL = {
  pad: 0,
  end: 1,
  recommend: 2,
  recommendRetrieval: 3,
  profile: 4,
  history: 5,
  candidates: 6,
} as const;

const SPECIAL_COUNT = 7;

/**
 * The words of a local ranker that starts fresh: special tokens, then words of profiles, then one token an item. It is
 * built from the training data and saved with the model.
 */
export class WordVocabulary implements RankerVocabulary {
  readonly words: IdMap;
  readonly items: IdMap;
  readonly marks = {
    recommend: [SPECIAL.recommend],
    recommendRetrieval: [SPECIAL.recommendRetrieval],
    profile: [SPECIAL.profile],
    history: [SPECIAL.history],
    candidates: [SPECIAL.candidates],
    end: [],
  };
  readonly profileLength = 16;

  constructor(words: IdMap, items: IdMap) {
    this.words = words;
    this.items = items;
  }

  /**
   * @param profiles - profiles in words
   * @param least - profiles that a word has to occur in
   */
  static of(dataset: Dataset, profiles: Iterable<string>, least = 3): WordVocabulary {
    const counts = new Map<string, number>();
    for (const profile of profiles)
      for (const word of new Set(wordsOf(profile))) counts.set(word, (counts.get(word) ?? 0) + 1);
    const words = [...counts].filter(([, count]) => count >= least).map(([word]) => word);
    return new WordVocabulary(new IdMap(words.sort(), 'word'), dataset.log.items);
  }

  get size(): number {
    return this.firstItem + this.items.size;
  }

  get firstItem(): number {
    return SPECIAL_COUNT + this.words.size;
  }

  /** Tokens of the words of a profile that the vocabulary knows, each once. */
  profile(text: string): readonly number[] {
    const tokens = new Set<number>();
    for (const word of wordsOf(text)) {
      const index = this.words.find(word);
      if (index !== undefined) tokens.add(SPECIAL_COUNT + index);
    }
    return [...tokens].slice(0, this.profileLength);
  }

  files(): Readonly<Record<string, string>> {
    return itemFiles(this.words, 'words.json');
  }
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
