import {
  type Asked,
  checkRanking,
  OutcomeCounter,
  type Query,
  type RetrieveOptions,
  type ScoredItem,
  throwIfCancelled,
} from '@palate/core';

/**
 * Orders the candidates of each query by its request, one query after the other. A query without a request keeps the order
 * of its candidates, and is counted as a fallback.
 *
 * @param asked - the ranker
 * @param order - gives the ordered list of a request, or `undefined` where the text holds none
 * @throws InvalidInputError as `checkRanking` does
 * @throws CancelledError if `signal` fires
 */
export async function rankRequests(
  asked: Asked,
  queries: readonly Query[],
  candidates: readonly (readonly ScoredItem[])[],
  k: number,
  options: RetrieveOptions,
  order: (text: string, given: readonly ScoredItem[], q: number) => Promise<ScoredItem[] | undefined>,
): Promise<ScoredItem[][]> {
  checkRanking(asked, queries, candidates, k, options);
  const { name } = asked;
  const counter = new OutcomeCounter(name, queries.length);
  const lists: ScoredItem[][] = [];
  for (const [q, given] of candidates.entries()) {
    throwIfCancelled(options.signal, name);
    const ordered = await order(queries[q]?.text ?? '', given, q);
    if (!ordered) counter.fallBack('no request: order of the candidates');
    lists.push(ordered ?? given.slice(0, k));
  }
  options.onOutcomes?.(counter.counts());
  return lists;
}
