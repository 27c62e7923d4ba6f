import type { LongCallOptions } from '../basics/progress.js';
import type { Query, Retriever } from './retriever.js';

/** A request in external ids, as a shop or site has it. */
export interface RecommendRequest {
  readonly user?: string | undefined;
  /** External item ids, oldest first; ids that the retriever does not know are skipped. */
  readonly history?: readonly string[] | undefined;
  readonly text?: string | undefined;
  /** External item ids never to return; unknown ones cannot come back anyway. */
  readonly exclude?: readonly string[] | undefined;
}

/** A recommended item in external ids. */
export interface Recommendation {
  readonly id: string;
  readonly score: number;
}

/** Result of {@link recommend}. */
export interface Recommendations {
  readonly items: readonly Recommendation[];
  /** History ids that the retriever does not know and did not use. */
  readonly unknownHistory: readonly string[];
}

/**
 * Recommends to anyone, known or new, from a raw history of external ids.
 *
 * @param k - how many items, at least 1
 * @example
 * ```ts
 * const { items } = await recommend(retriever, { history: ['0078748', '0113277'] }, 10);
 * ```
 */
export async function recommend(
  retriever: Retriever,
  request: RecommendRequest,
  k: number,
  options: LongCallOptions = {},
): Promise<Recommendations> {
  const dense = (ids: readonly string[]): number[] =>
    ids.map((id) => retriever.items.find(id)).filter((index) => index !== undefined);
  const history = request.history ?? [];
  const query: Query = {
    history: dense(history),
    exclude: dense(request.exclude ?? []),
    user: request.user,
    text: request.text,
  };
  const [list = []] = await retriever.retrieve([query], k, options);
  return {
    items: list.map(({ item, score }) => ({ id: retriever.items.idOf(item), score })),
    unknownHistory: history.filter((id) => !retriever.items.has(id)),
  };
}
