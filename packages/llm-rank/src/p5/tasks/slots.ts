/** Words of a slot that may be shortened where an input is too long for the model. */
export interface WordList {
  readonly words: readonly string[];
  /** Which end is kept: the newest of a history stand last, the best of candidates first. */
  readonly keep: 'first' | 'last';
  /** A word that is never left out, as the right one among the candidates of a training row. */
  readonly always?: string | undefined;
}

/** Contents for the slots of a template, by name. */
export type Slots = Readonly<Record<string, string | WordList>>;
