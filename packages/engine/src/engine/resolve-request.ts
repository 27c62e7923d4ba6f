import type { OutcomeCounter, Query } from '@palate/core';
import type { FeedbackState } from './feedback-state.js';
import { type ItemTest, itemTest } from './filter.js';
import type { ItemKnowledge } from './options.js';
import type { Asker, Filter } from './request.js';
import type { ResolvedAsker } from './resolved-asker.js';
import type { Snapshot } from './snapshot.js';
import { understand } from './understand.js';

/** Items that may be returned to a user. */
export interface Allowed {
  /** 1 for items that may be returned; undefined where all may. */
  readonly mask: Uint8Array | undefined;
  /** Items that may be returned, the history included. */
  readonly count: number;
}

/**
 * Resolves the user: the history of a user of the data with later feedback, or the given one.
 *
 * @throws InvalidInputError for items of the history or the dislikes that nobody knows
 */
export function resolveAsker(
  { user, history, text, dislikes: given }: Asker,
  { generation, catalogue }: Snapshot,
  feedback: FeedbackState,
  where: string,
): ResolvedAsker {
  const { log } = generation.dataset;
  const own = user === undefined ? undefined : feedback.of(user);
  const index = user === undefined ? undefined : log.users.find(user);
  const wish = text === undefined || text.trim() === '' ? undefined : understand(text, catalogue);
  const said = (given ?? []).map((id, k) => catalogue.indexOf(id, `dislikes[${k}] of ${where}`));
  const dislikes = said.length > 0 ? new Set([...(own?.dislikes ?? []), ...said]) : (own?.dislikes ?? NOBODY);
  const entries: { item: number; rating?: number | undefined; time?: number | undefined }[] = [];
  if (history)
    for (const [k, entry] of history.entries())
      entries.push(
        typeof entry === 'string'
          ? { item: catalogue.indexOf(entry, `history[${k}] of ${where}`) }
          : { ...entry, item: catalogue.indexOf(entry.item, `history[${k}] of ${where}`) },
      );
  else {
    if (index !== undefined) {
      const { offsets, row } = log.byUser();
      for (let p = offsets[index] as number; p < (offsets[index + 1] as number); p++) {
        const at = row[p] as number;
        entries.push({
          item: log.item[at] as number,
          rating: log.rating?.[at],
          time: log.timeUnit === 'seconds' ? log.timestamp[at] : undefined,
        });
      }
    }
    entries.push(...(own?.chosen ?? []));
  }
  const kept = entries.filter(({ item }) => !dislikes.has(item));
  const all = <K extends 'rating' | 'time'>(name: K): boolean =>
    kept.length > 0 && kept.every((entry) => entry[name] !== undefined);
  const { profiles } = catalogue.knowledge;
  const recorded = user === undefined ? undefined : profiles?.get(user);
  return {
    user,
    isKnown: index !== undefined || own !== undefined,
    history: Int32Array.from(kept, ({ item }) => item),
    ratings: all('rating') ? Float32Array.from(kept, ({ rating }) => rating as number) : undefined,
    times: all('time') ? Float64Array.from(kept, ({ time }) => time as number) : undefined,
    wish,
    dislikes,
    keywords: wish ? wish.likes.split(/\s*[,;.]\s*/).filter((word) => word !== '') : (recorded ?? []),
  };
}

const NOBODY: ReadonlySet<number> = new Set();

/** Limits that a request sets to its answer. */
export interface Narrowing {
  readonly candidates?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly filter?: Filter | undefined;
}

/**
 * The items that may be returned: the candidates, that pass the filter and the wish, without excluded and disliked ones.
 *
 * @throws InvalidInputError for candidates that nobody knows, or a filter that cannot be used
 */
export function allowedItems(
  { candidates, exclude = [], filter }: Narrowing,
  asker: Pick<ResolvedAsker, 'wish' | 'dislikes'>,
  { catalogue }: Snapshot,
  counter: OutcomeCounter,
  where: string,
): Allowed {
  const tests: ItemTest[] = [];
  if (filter !== undefined) tests.push(itemTest(filter, catalogue, `the filter of ${where}`));
  const { wish, dislikes } = asker;
  const ruledOut = wish?.ruledOut;
  for (const words of wish?.notApplied ?? [])
    counter.note('part of the request that could not be applied', words);
  const chosen = candidates?.map((id, k) => catalogue.indexOf(id, `candidates[${k}] of ${where}`));
  if (tests.length === 0 && !ruledOut && !chosen && exclude.length === 0 && dislikes.size === 0)
    return { mask: undefined, count: catalogue.size };
  const mask = new Uint8Array(catalogue.size);
  if (chosen) for (const item of chosen) mask[item] = 1;
  else mask.fill(1);
  for (const id of exclude) {
    const item = typeof id === 'string' ? catalogue.items.find(id) : undefined;
    if (item === undefined) counter.note('excluded item that is not known', String(id));
    else mask[item] = 0;
  }
  for (const item of dislikes) mask[item] = 0;
  if (ruledOut) for (let item = 0; item < mask.length; item++) if (ruledOut[item] === 1) mask[item] = 0;
  let count = 0;
  for (let item = 0; item < mask.length; item++) {
    if (mask[item] === 1 && !tests.every((test) => test(item))) mask[item] = 0;
    count += mask[item] as number;
  }
  return { mask, count };
}

/**
 * The query for a model that knows the first `known` items.
 *
 * @param isRanking - true where items of the history may come back
 */
export function queryFor(asker: ResolvedAsker, { mask, count }: Allowed, known: number): Query {
  const { user, history, ratings, times, wish } = asker;
  const positions = history.some((item) => item >= known)
    ? Array.from(history.keys()).filter((k) => (history[k] as number) < known)
    : undefined;
  const pick = <A extends Int32Array | Float32Array | Float64Array>(
    column: A | undefined,
  ): A | number[] | undefined => (positions && column ? positions.map((k) => column[k] as number) : column);
  const query: Query = {
    user,
    history: pick(history),
    historyRatings: pick(ratings),
    historyTimestamps: pick(times),
    text: wish && wish.likes !== '' ? wish.likes : undefined,
  };
  if (!mask) return query;
  const isFew = count <= mask.length / 2;
  const items: number[] = [];
  for (let item = 0; item < Math.min(known, mask.length); item++)
    if ((mask[item] === 1) === isFew) items.push(item);
  return isFew ? { ...query, candidates: items } : { ...query, exclude: items };
}

/** The profile of a user in a sentence on where it comes from. */
export function profileSource(asker: ResolvedAsker, knowledge: ItemKnowledge, given: Asker): string {
  const { wish, user, isKnown, history, keywords } = asker;
  if (wish)
    return [
      'what was typed',
      ...(wish.dislikes.length > 0 ? [`ruled out: ${wish.dislikes.join(', ')}`] : []),
      ...(wish.limits === '' ? [] : [wish.limits]),
    ].join('; ');
  if (keywords.length > 0) return knowledge.profileSource ?? 'keywords that are kept of the user';
  if (given.history)
    return history.length > 0 ? 'none; the history that was given' : 'none; an empty history';
  if (user === undefined) return 'none';
  return isKnown
    ? 'none; the history of the user'
    : 'none: the user is unknown, so these are general favourites';
}
