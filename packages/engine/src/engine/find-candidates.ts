import { type OutcomeCounter, type RetrieveOptions, type ScoredItem, topK } from '@palate/core';
import { fuseLists } from '@palate/retrievers';
import type { FittedMethod } from '../methods/method.js';
import { methodOf } from '../methods/methods.js';
import type { FoundBy } from './answer.js';
import type { FeedbackState } from './feedback-state.js';
import type { PipelineConfig, RetrieverConfig } from './options.js';
import { type Allowed, queryFor } from './resolve-request.js';
import type { ResolvedAsker } from './resolved-asker.js';
import type { Snapshot } from './snapshot.js';

/** One request on its way through a pipeline. */
export interface Asked {
  readonly asker: ResolvedAsker;
  readonly allowed: Allowed;
  /** Length of the list. */
  readonly k: number;
  readonly counter: OutcomeCounter;
  /** True where items of the history may come back. */
  readonly isRanking: boolean;
}

/** Candidates of a request, the best first. */
export interface Found {
  readonly list: readonly ScoredItem[];
  readonly from: ReadonlyMap<number, readonly FoundBy[]>;
  /** Names of the retrievers that answered, with what they were asked with. */
  readonly by: readonly { readonly name: string; readonly words: boolean }[];
}

interface Voice {
  readonly key: string;
  readonly name: string;
  readonly weight: number;
  readonly words: boolean;
  /** The best first, each with its rank, from 0, in the retriever's whole list. */
  readonly list: readonly (ScoredItem & { readonly rank: number })[];
}

/** Name of the source of items that are generally liked. */
export const FAVOURITES = 'favourites';

/** Whether a retriever is asked, for a request with or without history and words. */
function isAsked(
  config: RetrieverConfig,
  all: readonly RetrieverConfig[],
  { history, wish }: ResolvedAsker,
): boolean {
  const hasHistory = history.length > 0;
  const hasWords = wish !== undefined && wish.likes !== '';
  const reads = (each: RetrieverConfig): 'history' | 'text' | 'any' => {
    const { needs } = methodOf(each.method);
    return each.asked ?? (needs.includes('text') ? 'text' : needs.includes('history') ? 'history' : 'any');
  };
  const own = reads(config);
  if (own === 'any') return hasHistory || hasWords || !methodOf(config.method).needs.includes('history');
  if (own === 'history') return hasHistory;
  if (hasWords) return true;
  // Texts speak for a history where nobody else reads it.
  return hasHistory && config.asked === undefined && !all.some((each) => reads(each) !== 'text');
}

/**
 * Asks the retrievers of a pipeline, each once for all the requests that concern it, and fuses their lists by rank. New
 * items, which models of use do not know, are found by the words of the history; who has nothing to go by gets the general
 * favourites.
 */
export async function findCandidates(
  asked: readonly Asked[],
  snapshot: Snapshot,
  pipeline: PipelineConfig,
  feedback: FeedbackState,
  options: RetrieveOptions,
): Promise<Found[]> {
  const width = Math.max(pipeline.candidates ?? 50, ...asked.map(({ k }) => k));
  const voices = asked.map((): Voice[] => []);
  for (const config of pipeline.retrievers) {
    const concerned = asked.flatMap(({ asker }, r) =>
      isAsked(config, pipeline.retrievers, asker) ? [r] : [],
    );
    await ask(config, concerned, asked, voices, snapshot, width, options);
  }
  await askForNewItems(asked, voices, snapshot, width, options);
  return asked.map((each, r) => fuse(each, voices[r] as Voice[], snapshot, feedback, width));
}

async function ask(
  { method, settings, weight = 1 }: RetrieverConfig,
  concerned: readonly number[],
  asked: readonly Asked[],
  voices: Voice[][],
  snapshot: Snapshot,
  width: number,
  options: RetrieveOptions,
  keep: (item: number) => boolean = () => true,
): Promise<void> {
  if (concerned.length === 0) return;
  const { needs, zeroIsNothing } = methodOf(method);
  const model = await snapshot.model(method, settings, options.signal);
  const known = model.items.size;
  const ready = concerned.flatMap((r) => {
    const { asker, allowed, counter } = asked[r] as Asked;
    const query = queryFor(asker, allowed, known);
    const unknown = asker.history.length - (query.history?.length ?? 0);
    if (unknown > 0) counter.note(`item of the history that ${model.name} was not fitted on`);
    const hasWords = needs.includes('text') && query.text !== undefined;
    // With nothing to go by it would answer with favourites, in the voice of one who knows.
    if (needs.length > 0 && (query.history?.length ?? 0) === 0 && !hasWords) return [];
    return [{ r, query, hasWords }];
  });
  for (const isRanking of [false, true]) {
    const group = ready.filter(({ r }) => asked[r]?.isRanking === isRanking);
    if (group.length === 0) continue;
    const lists = await (model as FittedMethod).retrieve(
      group.map(({ query }) => query),
      width,
      { ...options, includeHistory: isRanking },
    );
    for (const [g, { r, hasWords }] of group.entries())
      voices[r]?.push({
        key: method,
        name: model.name,
        weight,
        words: hasWords,
        list: (lists[g] ?? [])
          .map((entry, rank) => ({ ...entry, rank }))
          .filter(({ item, score }) => keep(item) && !(zeroIsNothing && score === 0)),
      });
  }
}

/**
 * Finds items that came after the fit, by the words of the texts, for requests whose retrievers do not know them: new
 * items, and whatever is like a history of new items alone.
 */
async function askForNewItems(
  asked: readonly Asked[],
  voices: Voice[][],
  snapshot: Snapshot,
  width: number,
  options: RetrieveOptions,
): Promise<void> {
  const { catalogue } = snapshot;
  if (!snapshot.isNew(catalogue.size - 1) || !catalogue.hasTexts) return;
  const unaware = asked.flatMap(({ asker }, r) =>
    asker.history.length > 0 && !voices[r]?.some(({ key }) => methodOf(key).followsCatalogue) ? [r] : [],
  );
  const isSilent = (r: number): boolean => voices[r]?.length === 0;
  const silent = unaware.filter(isSilent);
  const others = unaware.filter((r) => !isSilent(r));
  const words = { method: 'bm25' };
  await ask(words, silent, asked, voices, snapshot, width, options);
  await ask(words, others, asked, voices, snapshot, width, options, (item) => snapshot.isNew(item));
}

/** Puts lists of several retrievers into one, and fills it up with favourites. */
function fuse(
  { allowed, asker, isRanking, counter }: Asked,
  voices: readonly Voice[],
  snapshot: Snapshot,
  feedback: FeedbackState,
  width: number,
): Found {
  const from = new Map<number, FoundBy[]>();
  const note = (item: number, method: string, rank: number): void => {
    const found = from.get(item) ?? [];
    found.push({ method, rank });
    from.set(item, found);
  };
  const speaking = voices.filter(({ list }) => list.length > 0);
  for (const { key, list } of speaking) for (const { item, rank } of list) note(item, key, rank + 1);
  const [only] = speaking;
  const fused =
    speaking.length === 1 && only
      ? only.list.map(({ item, score }) => ({ item, score }))
      : fuseLists(
          speaking.map(({ list }) => list),
          speaking.map(({ weight }) => weight),
        );
  const list = fused.slice(0, width);
  const history = isRanking ? new Set<number>() : new Set(asker.history);
  const available = (item: number): boolean => !history.has(item) && (allowed.mask?.[item] ?? 1) === 1;
  const isShort = list.length < width && list.length < allowed.count;
  if (isShort) {
    const favourites = favouriteItems(
      snapshot,
      feedback,
      width,
      (item) => available(item) && !from.has(item),
    );
    const missing = favourites.slice(0, width - list.length);
    if (missing.length > 0) {
      if (list.length === 0) counter.fallBack('nothing to go by: general favourites');
      else counter.note('list filled up with general favourites');
    }
    const lowest = list.at(-1)?.score ?? 0;
    for (const [rank, { item, score }] of missing.entries()) {
      note(item, FAVOURITES, rank + 1);
      list.push({ item, score: list.length === rank ? score : lowest - (rank + 1) * 1e-6 });
    }
  }
  return { list, from, by: speaking.map(({ name, words }) => ({ name, words })) };
}

/** The available items that were chosen most often, feedback counted. */
function favouriteItems(
  { popularity }: Snapshot,
  feedback: FeedbackState,
  k: number,
  available: (item: number) => boolean,
): ScoredItem[] {
  const counts = popularity.slice();
  for (const [item, count] of feedback.counts()) counts[item] = (counts[item] ?? 0) + count;
  const skip = Uint8Array.from(counts, (_, item) => (available(item) ? 0 : 1));
  return topK(counts, k, skip);
}
