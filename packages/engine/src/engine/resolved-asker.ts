import type { Wish } from './understand.js';

/** Who asks, in dense indexes. */
export interface ResolvedAsker {
  readonly user: string | undefined;
  /** Whether data or feedback know the user. */
  readonly isKnown: boolean;
  /** Oldest first. */
  readonly history: Int32Array;
  readonly ratings: Float32Array | undefined;
  readonly times: Float64Array | undefined;
  readonly wish: Wish | undefined;
  /** Items that the user said no to. */
  readonly dislikes: ReadonlySet<number>;
  /** Words that reasons are based on: the parts of the request, or the keywords of the profile. */
  readonly keywords: readonly string[];
}
