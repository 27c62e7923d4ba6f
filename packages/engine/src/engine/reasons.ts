import { explainerFromKnowledge } from '@palate/llm-rank';
import type { FoundBy } from './answer.js';
import { FAVOURITES } from './find-candidates.js';
import type { ResolvedAsker } from './resolved-asker.js';
import type { Snapshot } from './snapshot.js';

/** A reason and what it rests on. */
export interface Reason {
  readonly text: string;
  readonly source: 'knowledge' | 'history' | 'neighbours' | 'retriever' | 'language model';
}

/** Items of the history that are looked at, the newest. */
const RECENT = 20;
/** Least similarity in use that a reason mentions. */
const LEAST_ALIKE = 0.05;

/**
 * Gives the reasons of items to one asker, from what is stored alone: what their texts share with the wish or the profile; tags
 * that they share with an item of the history; an item of the history that the same people chose; or how they were found.
 */
export function reasonsFor(
  asker: ResolvedAsker,
  { catalogue, generation }: Snapshot,
): (item: number, from: readonly FoundBy[]) => Reason {
  const history = Array.from(asker.history.slice(-RECENT));
  const explainerOf = (items: readonly number[]) =>
    explainerFromKnowledge({
      keywords: asker.keywords,
      history: items.map((each) => ({ title: catalogue.title(each), tags: catalogue.tags(each) })),
    });
  const explainAny = explainerOf(history);
  // Of an item that comes twice, the earlier position.
  const positions = new Map(history.map((each, position) => [each, position] as const).reverse());
  return (item, from) => {
    // That an item is like itself is no reason.
    const explain = positions.has(item) ? explainerOf(history.filter((each) => each !== item)) : explainAny;
    const { text, source } = explain({
      tags: catalogue.tags(item),
      // A text counts as knowledge for wishes in words, wherever it comes from.
      knowledge:
        catalogue.knowledgeOf(item) ?? (asker.keywords.length > 0 ? catalogue.texts[item] : undefined),
    });
    if (source !== 'retriever') return { text, source };
    const nearest = generation.coUse
      .neighbours(item)
      .filter((each) => each.score >= LEAST_ALIKE && positions.has(each.item))
      .sort((a, b) => b.score - a.score || (positions.get(a.item) ?? 0) - (positions.get(b.item) ?? 0))[0];
    if (nearest)
      return {
        text: `People who chose ${catalogue.title(nearest.item)} also chose it.`,
        source: 'neighbours',
      };
    if (from.length > 0 && from.every(({ method }) => method === FAVOURITES))
      return { text: 'One of the general favourites.', source: 'retriever' };
    if (history.length > 0 || asker.wish) return { text, source: 'retriever' };
    return { text: 'One of the general favourites.', source: 'retriever' };
  };
}

/** Sentence on where reasons come from that no language model gave. */
export function reasonSource(catalogue: Snapshot['catalogue']): string {
  return catalogue.knowledge.items
    ? 'built from recorded knowledge, tags and attributes; no language model was asked'
    : 'built from texts, tags and what is chosen together; no language model was asked';
}
