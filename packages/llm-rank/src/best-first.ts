import type { ScoredItem } from '@palate/core';

/** Items by falling score; equal ones as they were given. */
export const bestFirst = (given: readonly ScoredItem[]): ScoredItem[] =>
  [...given].sort((a, b) => b.score - a.score);
