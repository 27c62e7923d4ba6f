/** Preferences that a new user has stated in one form or another. */
export interface StatedPreferences {
  /** Dense items that the user likes, in the order stated. */
  readonly likedItems: readonly number[];
  /** Dense items that the user dislikes. */
  readonly dislikedItems: readonly number[];
  /** Likes of the user, in words. */
  readonly likes: string;
  /** Dislikes of the user, in words. */
  readonly dislikes: string;
}

/** An item that the user rated afterwards. */
export interface RatedItem {
  readonly item: number;
  readonly rating: number;
  /** How the item came into the pool, for slices of the results. */
  readonly source: string;
  /** Whether the user knew the item before rating it. */
  readonly seen: boolean;
  /** When it was rated, in seconds since 1970, where that is known. */
  readonly timestamp?: number | undefined;
  /** How many of the user's interactions came strictly before, where that is known. */
  readonly position?: number | undefined;
}

/** One user of a near-cold-start study: preferences first, ratings of a pool later. */
export interface NearColdStartUser {
  readonly user: string;
  readonly preferences: StatedPreferences;
  /** Items to be ranked; none of the stated ones. */
  readonly pool: readonly RatedItem[];
}

/** Parts of the preferences that a prompt uses. */
export type PreferenceInput = 'items' | 'language' | 'items+language';

/** How a prompt asks. */
export type PromptStyle = 'completion' | 'zero-shot' | 'few-shot';
