/** Forms of rerank endpoints. */
export const RERANK_FORMS = ['documents', 'texts'] as const;

/** How an endpoint is asked, and how it answers. */
type RerankForm = (typeof RERANK_FORMS)[number];

/** The body of a request. */
export function rerankBody(
  form: RerankForm,
  model: string,
  query: string,
  documents: readonly string[],
): Readonly<Record<string, unknown>> {
  return form === 'texts'
    ? { query, texts: documents, truncate: true }
    : { model, query, documents, top_n: documents.length };
}

/**
 * Reads scores out of an answer, one a document; undefined for a document that got none, or no finite number.
 *
 * @returns undefined if the answer is none of the form, names a document that was not sent, or one twice
 */
export function readRelevance(
  form: RerankForm,
  body: unknown,
  documents: number,
): (number | undefined)[] | undefined {
  const entries: unknown = form === 'texts' ? body : (body as { results?: unknown } | null)?.results;
  if (!Array.isArray(entries)) return undefined;
  const scores = new Array<number | undefined>(documents).fill(undefined);
  const named = new Set<number>();
  for (const entry of entries as ({ index?: unknown; relevance_score?: unknown; score?: unknown } | null)[]) {
    const at = entry?.index;
    if (typeof at !== 'number' || !Number.isInteger(at) || at < 0 || at >= documents || named.has(at))
      return undefined;
    named.add(at);
    const score = entry?.relevance_score ?? entry?.score;
    if (typeof score === 'number' && Number.isFinite(score)) scores[at] = score;
  }
  // An answer without any score is none.
  return documents > 0 && scores.every((score) => score === undefined) ? undefined : scores;
}
