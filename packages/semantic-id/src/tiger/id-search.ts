/*
 * Terms: a *node* is a prefix of IDs; the *width* is how many of them, the beams, are kept on a level; *cold* items
 * have no interactions.
 */

import type { RandomStream } from '@palate/core';
import type { IdHistory } from './id-model.js';
import type { LeftOut } from './left-out.js';

/** A history to be continued, and what may be found for it. */
export interface IdSearch {
  readonly history: IdHistory;
  /** 1 for items that must not be found. */
  readonly excluded: Uint8Array;
  /** Nodes kept on each level that lead to items with interactions. */
  readonly width: number;
  /** Nodes kept beside them that lead to items without interactions; 0 to find none of those. */
  readonly coldWidth: number;
  /** Draws nodes without replacement instead of taking the likeliest, with chances raised to `1 / temperature`. */
  readonly sampling?: { readonly temperature: number; readonly random: RandomStream } | undefined;
  /** Told what is followed no further, where given. */
  readonly leftOut?: LeftOut | undefined;
}
