/** Choice of a large language model among a retriever's candidates, recorded, for a small ranker to learn from. */
export interface TaughtRanking {
  /** External user id. */
  readonly user: string;
  /** Dense items that the model was shown as history, oldest first. */
  readonly history: ArrayLike<number>;
  /** Dense candidates in the retriever's order, the best first. */
  readonly candidates: readonly number[];
  /** Those that the model chose, the best first. */
  readonly ranking: readonly number[];
}
