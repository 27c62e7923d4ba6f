import { type LongCallOptions, type OutcomeCounts, type ScoredItem, throwIfCancelled } from '@palate/core';
import type { Answer, AnswerItem, Candidate, FoundBy, Stage } from './answer.js';
import { diversify } from './diversify.js';
import type { FeedbackState } from './feedback-state.js';
import { type Asked, type Found, findCandidates } from './find-candidates.js';
import { likenessBy } from './likeness.js';
import type { LiveModel, PipelineConfig } from './options.js';
import { type Ordered, orderCandidates } from './order-candidates.js';
import { CallOutcomes } from './outcomes.js';
import { reasonSource, reasonsFor } from './reasons.js';
import type { RecommendRequest } from './request.js';
import { allowedItems, profileSource, resolveAsker } from './resolve-request.js';
import type { Snapshot } from './snapshot.js';

/** Parts that answers are made of. */
export interface AnswerState {
  readonly snapshot: Snapshot;
  readonly feedback: FeedbackState;
  readonly pipeline: PipelineConfig;
  readonly live: LiveModel | undefined;
}

/** A request with how messages call it. */
export interface NamedRequest {
  readonly request: RecommendRequest;
  readonly where: string;
  /** True where items of the history may come back. */
  readonly isRanking: boolean;
}

/** Default length of a list. */
export const DEFAULT_K = 10;
/** Candidates that an answer shows. */
export const SHOWN = 50;

/**
 * Answers requests that share a pipeline: finds candidates, orders them, takes the like of what is disliked down, spreads the
 * list, gives reasons. Each model is asked once for all.
 *
 * @throws InvalidInputError before any model is asked, if a request cannot be used
 */
export async function answerRequests(
  named: readonly NamedRequest[],
  { snapshot, feedback, pipeline, live }: AnswerState,
  options: LongCallOptions,
): Promise<{ readonly answers: Answer[]; readonly outcomes: OutcomeCounts[] }> {
  const stages: Stage[] = [];
  let started = performance.now();
  const endStage = (name: string): void => {
    const now = performance.now();
    stages.push({ name, milliseconds: now - started });
    started = now;
  };
  const asked = named.map(({ request, where, isRanking }): Asked => {
    const counter = CallOutcomes.counter();
    const asker = resolveAsker(request, snapshot, feedback, where);
    if (request.user !== undefined && !asker.isKnown) counter.note('user that is not known');
    const allowed = allowedItems(request, asker, snapshot, counter, where);
    return { asker, allowed, k: request.k ?? DEFAULT_K, counter, isRanking };
  });
  endStage('understand');
  const outcomes = new CallOutcomes();
  const callOptions = { signal: options.signal, seed: options.seed, onOutcomes: outcomes.onOutcomes };
  const found = await findCandidates(asked, snapshot, pipeline, feedback, callOptions);
  endStage('candidates');
  throwIfCancelled(options.signal, 'answering');
  const ordered = await orderCandidates(asked, found, snapshot, pipeline, live, callOptions);
  endStage('order');
  throwIfCancelled(options.signal, 'answering');
  const alike = likenessBy(pipeline.diversity?.by ?? 'text', snapshot);
  const lists = ordered.map(({ list }, r) => {
    const each = asked[r] as Asked;
    const diversity = named[r]?.request.diversity;
    const lambda = diversity === undefined ? (pipeline.diversity?.lambda ?? 1) : 1 - diversity;
    return diversify(dislikedLast(list, each, snapshot), each.k, lambda, alike);
  });
  endStage('spread');
  const answers = named.map(({ request }, r) =>
    answerOf(request, asked[r] as Asked, found[r] as Found, ordered[r] as Ordered, lists[r] ?? [], snapshot),
  );
  endStage('explain');
  return {
    answers: answers.map((answer, r) => ({
      ...answer,
      stages,
      outcomes: outcomes.of((asked[r] as Asked).counter),
    })),
    outcomes: outcomes.all(asked.map(({ counter }) => counter)),
  };
}

/** Takes the like of what the user said no to down. */
function dislikedLast(
  list: readonly ScoredItem[],
  { asker }: Asked,
  snapshot: Snapshot,
): readonly ScoredItem[] {
  if (asker.dislikes.size === 0) return list;
  const alike = likenessBy('text', snapshot);
  const { coUse } = snapshot.generation;
  const share = (item: number): number => {
    let most = 0;
    for (const disliked of asker.dislikes)
      most = Math.max(most, alike(item, disliked), coUse.likeness(disliked, item));
    return most;
  };
  // By positions, so that scales of scores do not matter: the most alike falls behind all others.
  return list
    .map((entry, position) => ({ entry, position: position + share(entry.item) * list.length }))
    .sort((a, b) => a.position - b.position)
    .map(({ entry }, position) => ({ item: entry.item, score: (list[position] as ScoredItem).score }));
}

function answerOf(
  request: RecommendRequest,
  asked: Asked,
  found: Found,
  ordered: Ordered,
  list: readonly ScoredItem[],
  snapshot: Snapshot,
): Omit<Answer, 'stages' | 'outcomes'> {
  const { catalogue } = snapshot;
  const { asker } = asked;
  const fromOf = (item: number): readonly FoundBy[] => found.from.get(item) ?? [];
  const reasonOf = request.explain ? reasonsFor(asker, snapshot) : undefined;
  const reasonFor = (item: number): Pick<AnswerItem, 'reason' | 'reasonSource'> => {
    if (!reasonOf) return {};
    const told = ordered.reasons.get(item);
    if (told !== undefined) return { reason: told, reasonSource: 'language model' };
    const { text, source } = reasonOf(item, fromOf(item));
    return { reason: text, reasonSource: source };
  };
  const items = list.map(
    ({ item, score }, rank): AnswerItem => ({
      id: catalogue.items.idOf(item),
      title: catalogue.title(item),
      score,
      rank: rank + 1,
      ...reasonFor(item),
      from: fromOf(item),
      attributes: catalogue.attributes(item),
    }),
  );
  return {
    items,
    ...(asker.wish
      ? { understood: { likes: asker.wish.likes, dislikes: asker.wish.dislikes, limits: asker.wish.limits } }
      : {}),
    keywords: asker.keywords,
    sources: {
      profile: profileSource(asker, catalogue.knowledge, request),
      candidates: candidateSource(found),
      order: ordered.order,
      explanations: request.explain
        ? (ordered.explanations ?? reasonSource(catalogue))
        : 'none were asked for',
    },
    candidates: found.list.slice(0, SHOWN).map(
      ({ item, score }): Candidate => ({
        id: catalogue.items.idOf(item),
        title: catalogue.title(item),
        score,
        from: fromOf(item),
      }),
    ),
    version: snapshot.version,
  };
}

function candidateSource({ by }: Found): string {
  if (by.length === 0) return 'general favourites';
  const named = (words: boolean): string =>
    by
      .filter((each) => each.words === words)
      .map(({ name }) => name)
      .join(' and ');
  const parts = [
    ...(named(false) === '' ? [] : [`${named(false)} on the history`]),
    ...(named(true) === '' ? [] : [`${named(true)} on the words`]),
  ];
  return `${parts.join('; ')}${by.length > 1 ? '; ranks fused' : ''}`;
}
