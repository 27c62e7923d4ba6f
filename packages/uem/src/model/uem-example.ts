import { contentHash } from '@palate/core';
import type { UserHistory } from '../history/user-history.js';

/** A question about a user. */
export interface UemQuery {
  /** History of the user; nothing where the question is about nobody. */
  readonly history?: UserHistory | undefined;
  /** The task in words. */
  readonly text: string;
}

/** A question with the answer that the model shall learn. */
export interface UemExample extends UemQuery {
  readonly answer: string;
}

/** Names examples by their content. */
export function examplesHash(examples: readonly UemExample[]): string {
  return contentHash(
    examples.map(({ history, text, answer }) => [
      Array.from(history?.items ?? []),
      Array.from(history?.ratings ?? []),
      text,
      answer,
    ]),
  );
}
