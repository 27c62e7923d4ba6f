import { call, events, streamError } from './client.js';
import type { Answer, ItemPage, MethodStatus, RecommendRequest } from './types.js';

/** Items whose titles, or else texts, are near to some words. */
export function searchTitles(words: string, k: number, signal?: AbortSignal): Promise<Answer> {
  return call('/search', { words, k }, signal);
}

/** A list for a request. */
export function recommend(request: RecommendRequest, signal?: AbortSignal): Promise<Answer> {
  return call('/recommend', request, signal);
}

/** Items near to one, by their texts or by who chose them. */
export function similarItems(
  item: string,
  by: 'text' | 'use' | 'graph',
  k: number,
  signal?: AbortSignal,
): Promise<Answer> {
  return call('/similar', { item, by, k }, signal);
}

/** The beginning of the catalogue, or what of it answers to some words. */
export async function browseItems(words: string, limit: number, signal?: AbortSignal): Promise<ItemPage> {
  if (words === '') return call(`/items?${new URLSearchParams({ limit: String(limit) })}`, undefined, signal);
  const { items } = await searchTitles(words, limit, signal);
  return { total: items.length, items };
}

/** Every system that can answer. */
export async function listSystems(signal?: AbortSignal): Promise<readonly MethodStatus[]> {
  return (await call<{ systems: readonly MethodStatus[] }>('/systems', undefined, signal)).systems;
}

/** Tells what a person thinks of an item; counted once the server has it for good. */
export function giveThumb(
  user: string,
  item: string,
  kind: 'like' | 'dislike',
): Promise<{ accepted: number }> {
  return call('/feedback', { events: [{ user, item, kind }] });
}

/** An explanation of one item for somebody, in pieces as it is written. */
export async function* explain(
  request: Pick<RecommendRequest, 'user' | 'history' | 'text'> & { readonly item: string },
  signal: AbortSignal,
): AsyncGenerator<string> {
  for await (const { event, data } of events('/explain', request, signal)) {
    if (event === 'error') throw streamError(data);
    if (event === 'message') yield data;
  }
}
