/** Turns texts into the tokens of a text-to-text model, and back. */
export interface TextTokens {
  /** Names the vocabulary: models of another one read other texts. */
  readonly id: string;
  /** One more than the highest id. */
  readonly size: number;
  /** Token behind the last one of a text, where the vocabulary has one. */
  readonly end: number | undefined;
  /** Token that fills rows up. */
  readonly padding: number;
  /** Tokens of a text, uncut and without the end. */
  encode(text: string): Int32Array;
  /** Text of tokens; `end` and `padding` give none. */
  decode(ids: ArrayLike<number>): string;
  /** Files that the vocabulary is rebuilt from, by plain names; see {@link readTextTokens}. */
  files(): Readonly<Record<string, string>>;
}
