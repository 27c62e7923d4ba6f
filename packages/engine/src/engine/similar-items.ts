import { InvalidInputError, type ScoredItem } from '@palate/core';
import type { Answer, AnswerItem, FoundBy, Stage } from './answer.js';
import { type AnswerState, DEFAULT_K, SHOWN } from './answer-requests.js';
import { CallOutcomes } from './outcomes.js';
import type { SearchRequest, SimilarRequest } from './request.js';
import { allowedItems } from './resolve-request.js';
import type { Snapshot } from './snapshot.js';

const LIKENESSES: readonly SimilarRequest['by'][] = ['use', 'text', 'graph'];
const NOBODY = { wish: undefined, dislikes: new Set<number>() };

/**
 * Items like one. By use: those that the same people chose, filled up by texts. By text: those whose texts are alike, in
 * meaning where the pipeline reads meanings, in words otherwise. In the graph: those that a walk from user to item and on
 * comes by, and no others.
 *
 * @throws InvalidInputError for an item that nobody knows, or likeness by texts where there are none
 */
export async function similarItems(
  request: SimilarRequest,
  state: AnswerState,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const started = performance.now();
  const { snapshot } = state;
  const { catalogue, generation } = snapshot;
  const where = 'the similar request';
  const item = catalogue.indexOf(request.item, `item of ${where}`);
  const { k = DEFAULT_K, by } = request;
  if (by !== undefined && !LIKENESSES.includes(by))
    throw new InvalidInputError({
      expected: `by of ${where} to be ${LIKENESSES.map((each) => `'${each}'`).join(', ')}`,
      received: JSON.stringify(by),
      hint: 'Pass one of these names, or leave by out.',
    });
  if (by === 'text' && !catalogue.hasTexts)
    throw new InvalidInputError({
      expected: 'items with texts, for likeness by text',
      received: `${catalogue.dataset.name} without any`,
      hint: "Ask by: 'use'.",
    });
  const counter = CallOutcomes.counter();
  const { mask } = allowedItems(request, NOBODY, snapshot, counter, where);
  const isAllowed = (each: number): boolean => each !== item && (mask?.[each] ?? 1) === 1;
  if (by === 'graph') {
    const reached = (await generation.graphWalk.neighbours(item)).filter((each) => isAllowed(each.item));
    const nearest = reached.slice(0, k);
    return plainAnswer(
      nearest,
      new Map(nearest.map((each, rank) => [each.item, [{ method: 'graph-walk', rank: rank + 1 }]])),
      snapshot,
      {
        candidates:
          nearest.length > 0
            ? 'personalised PageRank from it, in the graph of users and items'
            : 'nobody chose it, so that no walk begins there',
        stages: [{ name: 'similar', milliseconds: performance.now() - started }],
        outcomes: [counter.counts()],
      },
    );
  }
  const byUse = by === 'text' ? [] : generation.coUse.neighbours(item).filter((each) => isAllowed(each.item));
  const list = byUse.slice(0, k);
  const from = new Map(list.map((each, rank) => [each.item, [{ method: 'co-use', rank: rank + 1 }]]));
  const sources = byUse.length > 0 ? ['what the same people chose'] : [];
  if (list.length < k && catalogue.hasTexts) {
    const { found, method, name } = await alikeInText(item, k + list.length, isAllowed, state, signal);
    const more = found.filter((each) => !from.has(each.item)).slice(0, k - list.length);
    if (by !== 'text' && more.length > 0) counter.note('list filled up by texts');
    const lowest = list.at(-1)?.score ?? Number.POSITIVE_INFINITY;
    for (const { item: each, score } of more) {
      const rank = found.findIndex((entry) => entry.item === each) + 1;
      from.set(each, [{ method, rank }]);
      list.push({ item: each, score: Math.min(score, lowest) });
    }
    if (more.length > 0) sources.push(`${name} on the texts`);
  }
  return plainAnswer(list, from, snapshot, {
    candidates: sources.join('; ') || 'nothing is like it',
    stages: [{ name: 'similar', milliseconds: performance.now() - started }],
    outcomes: [counter.counts()],
  });
}

async function alikeInText(
  item: number,
  k: number,
  isAllowed: (item: number) => boolean,
  { snapshot, pipeline }: AnswerState,
  signal: AbortSignal | undefined,
): Promise<{ readonly found: readonly ScoredItem[]; readonly method: string; readonly name: string }> {
  const meaning = pipeline.retrievers.find(({ method }) => method === 'text-knn');
  const method = meaning?.method ?? 'bm25';
  const model = await snapshot.model(method, meaning?.settings ?? {}, signal);
  const exclude = Array.from({ length: model.items.size }, (_, each) => each).filter(
    (each) => !isAllowed(each),
  );
  const [found = []] = await model.retrieve([{ history: [item], exclude }], k, { signal });
  return { found: found.filter(({ score }) => score > 0), method, name: model.name };
}

/** Items by words, titles first. */
export async function searchItems(request: SearchRequest, { snapshot }: AnswerState): Promise<Answer> {
  const started = performance.now();
  const where = 'the search request';
  const { words, k = DEFAULT_K } = request;
  if (typeof words !== 'string')
    throw new InvalidInputError({
      expected: `words in ${where}`,
      received: JSON.stringify(words) ?? 'nothing',
      hint: 'Pass the search words as a string.',
    });
  const counter = CallOutcomes.counter();
  const { mask } = allowedItems(request, NOBODY, snapshot, counter, where);
  const found = snapshot.search.find(words, k, (item) => (mask?.[item] ?? 1) === 1);
  const from = new Map(
    found.map(({ item, field }, rank) => [item, [{ method: `search in ${field}s`, rank: rank + 1 }]]),
  );
  return plainAnswer(found, from, snapshot, {
    candidates: 'titles, also incomplete or misspelt, then words of the texts',
    stages: [{ name: 'search', milliseconds: performance.now() - started }],
    outcomes: [counter.counts()],
  });
}

function plainAnswer(
  list: readonly ScoredItem[],
  from: ReadonlyMap<number, readonly FoundBy[]>,
  { catalogue, version }: Snapshot,
  about: {
    readonly candidates: string;
    readonly stages: readonly Stage[];
    readonly outcomes: Answer['outcomes'];
  },
): Answer {
  const items = list.map(
    ({ item, score }, rank): AnswerItem => ({
      id: catalogue.items.idOf(item),
      title: catalogue.title(item),
      score,
      rank: rank + 1,
      from: from.get(item) ?? [],
      attributes: catalogue.attributes(item),
    }),
  );
  return {
    items,
    keywords: [],
    sources: {
      profile: 'none',
      candidates: about.candidates,
      order: 'as found',
      explanations: 'none were asked for',
    },
    stages: about.stages,
    candidates: items
      .slice(0, SHOWN)
      .map(({ id, title, score, from: by }) => ({ id, title, score, from: by })),
    outcomes: about.outcomes,
    version,
  };
}
