/** Items on a plane and in a tree of codes, column by column: entry `k` of each list belongs to one item. */
export interface ItemMap {
  readonly ids: readonly string[];
  readonly titles: readonly string[];
  /** The two directions of most variance of the items' text vectors, from -1 to 1. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Semantic ID of each item; the last code only tells items of equal codes apart. */
  readonly codes: readonly (readonly number[])[];
  /** How often each item was chosen. */
  readonly interactions: readonly number[];
  /** Items of the catalogue; more than are listed where it is large. */
  readonly total: number;
  /** How vectors and codes were made, in a sentence. */
  readonly source: string;
}
