import type { IdMap } from '@palate/core';

/** Marks of the parts of an input. */
export type RankerMark =
  | 'recommend'
  | 'recommendRetrieval'
  | 'profile'
  | 'history'
  | 'candidates'
  /** After everything else. */
  | 'end';

/** Vocabulary that the local ranker reads and writes, as tokens: marks and words, and after them all one token an item. */
export interface RankerVocabulary {
  readonly items: IdMap;
  /** Token of the first item; the others follow in the order of their indexes. */
  readonly firstItem: number;
  /** Tokens in all. */
  readonly size: number;
  /** The tokens of each mark; they may be none. */
  readonly marks: Readonly<Record<RankerMark, readonly number[]>>;
  /** Most tokens of a profile. */
  readonly profileLength: number;
  /** Tokens of a profile in words, at most `profileLength`. */
  profile(text: string): readonly number[];
  /** Files that are saved with the model, beside the items, by name. */
  files(): Readonly<Record<string, string>>;
}
