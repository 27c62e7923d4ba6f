import { checkNumber, checkOptions, foldText } from '@palate/core';
import type { ItemPage, ItemView, UserView } from './answer.js';
import type { FeedbackState } from './feedback-state.js';
import type { Snapshot } from './snapshot.js';

/** Collects what is known of an item. */
export function itemView(id: string, snapshot: Snapshot, feedback: FeedbackState): ItemView | undefined {
  const { catalogue, popularity } = snapshot;
  const item = catalogue.items.find(id);
  if (item === undefined) return undefined;
  const fresh = snapshot.isNew(item);
  const knowledge = catalogue.knowledgeOf(item);
  const semanticId = snapshot.semanticId(item);
  return {
    id,
    title: catalogue.title(item),
    text: catalogue.text(item),
    attributes: catalogue.attributes(item),
    knowledge,
    tags: catalogue.tags(item),
    interactions: (fresh ? 0 : (popularity[item] ?? 0)) + feedback.count(item),
    semanticId,
    isNew: fresh,
  };
}

/** A page of items whose title or id begins with a prefix, letter case and accents aside. */
export function itemPage(
  page: { readonly prefix?: string; readonly offset?: number; readonly limit?: number },
  { catalogue }: Snapshot,
): ItemPage {
  checkOptions('items', page, ['prefix', 'offset', 'limit']);
  const offset = checkNumber('offset', page.offset ?? 0, { min: 0, integer: true });
  const limit = checkNumber('limit', page.limit ?? 50, { min: 1, max: 1000, integer: true });
  const prefix = foldText(String(page.prefix ?? '').trim());
  const found: number[] = [];
  for (const [item, id] of [...catalogue.items].entries())
    if (
      prefix === '' ||
      foldText(catalogue.title(item)).startsWith(prefix) ||
      foldText(id).startsWith(prefix)
    )
      found.push(item);
  return {
    total: found.length,
    items: found
      .slice(offset, offset + limit)
      .map((item) => ({ id: catalogue.items.idOf(item), title: catalogue.title(item) })),
  };
}

/** Collects what data and feedback know of a user. */
export function userView(
  id: string,
  { catalogue, generation }: Snapshot,
  feedback: FeedbackState,
): UserView | undefined {
  const { log } = generation.dataset;
  const index = log.users.find(id);
  const own = feedback.of(id);
  const keywords = catalogue.knowledge.profiles?.get(id) ?? [];
  if (index === undefined && own === undefined && keywords.length === 0) return undefined;
  const { offsets, row } = log.byUser();
  const rows = index === undefined ? [] : Array.from(row.subarray(offsets[index], offsets[index + 1]));
  const named = (item: number) => ({ item: catalogue.items.idOf(item), title: catalogue.title(item) });
  return {
    id,
    history: [
      ...rows.map((at) => ({
        ...named(log.item[at] as number),
        time: log.timeUnit === 'seconds' ? (log.timestamp[at] as number) : undefined,
        rating: log.rating ? (log.rating[at] as number) : undefined,
        isFeedback: false,
      })),
      ...(own?.chosen ?? []).map(({ item, time, rating }) => ({
        ...named(item),
        time,
        rating,
        isFeedback: true,
      })),
    ],
    dislikes: Array.from(own?.dislikes ?? [], (item) => catalogue.items.idOf(item)),
    keywords,
  };
}
