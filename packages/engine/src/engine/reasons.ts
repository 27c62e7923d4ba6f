import { explainFromKnowledge } from '@palate/llm-rank';
import type { FoundBy } from './answer.js';
import { FAVOURITES } from './find-candidates.js';
import type { ResolvedAsker } from './resolve-request.js';
import type { Snapshot } from './snapshot.js';

/** A reason and what it rests on. */
export interface Reason {
  readonly text: string;
  readonly source: 'knowledge' | 'history' | 'neighbours' | 'retriever' | 'language model';
}

/** Items of the history that are looked at, the newest. */
const RECENT = 20;
/** Least likeness in use that is told. */
const LEAST_ALIKE = 0.05;

/**
 * The reason of an item, from what is stored alone: what its texts share with the wish or the profile; tags that it shares
 * with an item of the history; an item of the history that the same people chose; or how it was found.
 */
export function reasonOf(
  item: number,
  asker: ResolvedAsker,
  from: readonly FoundBy[],
  { catalogue, generation }: Snapshot,
): Reason {
  const history = asker.history.slice(-RECENT);
  const { text, source } = explainFromKnowledge({
    keywords: asker.keywords,
    tags: catalogue.tags(item),
    history: Array.from(history, (each) => ({ title: catalogue.title(each), tags: catalogue.tags(each) })),
    // A text counts as knowledge for wishes in words, wherever it comes from.
    knowledge: catalogue.knowledgeOf(item) ?? (asker.keywords.length > 0 ? catalogue.texts[item] : undefined),
  });
  if (source !== 'retriever') return { text, source };
  const nearest = Array.from(history, (each) => ({ each, score: generation.coUse.likeness(item, each) }))
    .filter(({ score }) => score >= LEAST_ALIKE)
    .sort((a, b) => b.score - a.score)[0];
  if (nearest)
    return {
      text: `People who chose ${catalogue.title(nearest.each)} chose it, too.`,
      source: 'neighbours',
    };
  if (from.length > 0 && from.every(({ method }) => method === FAVOURITES))
    return { text: 'One of the general favourites.', source: 'retriever' };
  if (history.length > 0 || asker.wish) return { text, source: 'retriever' };
  return { text: 'One of the general favourites.', source: 'retriever' };
}

/** Sentence on where reasons come from that no language model gave. */
export function reasonSource(catalogue: Snapshot['catalogue']): string {
  return catalogue.knowledge.items
    ? 'built from recorded knowledge, tags and attributes; no language model was asked'
    : 'built from texts, tags and what is chosen together; no language model was asked';
}
