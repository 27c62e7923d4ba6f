import { type Dataset, InvalidInputError, withLog } from '@palate/core';
import {
  loadBundledMovieTweetings,
  loadItemKnowledge,
  loadNarratives,
  loadTags,
  narrativeProvenance,
} from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { requestPairs, splitPairsByUser } from '@palate/narrative';
import type { Extent } from './narrative-extent.js';
import { dialogueTurns, type TestRequest, totRequests } from './narrative-requests.js';

/** A set of requests with the data that is searched. */
export interface TestSet {
  readonly name: string;
  readonly dataset: Dataset;
  /** Text of each item, as encoders and BM25 read it. */
  readonly texts: readonly string[];
  readonly requests: readonly TestRequest[];
  /** Whether the cross-encoder is measured on it: it runs once for each of 200 candidates. */
  readonly isDeep: boolean;
  /** Whether requests are answered without what was seen. */
  readonly isPersonal: boolean;
}

/** The bundled films with all their texts, the training part of leave-one-out, and the requests by users. */
export async function films(extent: Extent) {
  const whole = await loadBundledMovieTweetings();
  const split = leaveOneOut(whole.log);
  const dataset = withLog(whole, split.train);
  const knowledge = new Map((await loadItemKnowledge()).map(({ item, text }) => [item, text]));
  const tags = new Map((await loadTags()).map(({ item, tags: own }) => [item, own.join(', ')]));
  const texts = Array.from(dataset.log.items, (id, item) =>
    [whole.catalog.itemText(item, ['title', 'genres']), knowledge.get(id), tags.get(id)]
      .filter((part) => part !== undefined && part !== '')
      .join('. '),
  );
  const requests = (await loadNarratives()).slice(0, extent.requests);
  const provenance = narrativeProvenance(whole.log, requests);
  const pairs = requestPairs(dataset, requests, { texts, provenance });
  // Users of the second part are in no training: their next films are asked for.
  const { train, validation } = splitPairsByUser(pairs, 0.2, 20);
  return { whole, split, dataset, texts, train, held: validation };
}

/** Data that the study is made from. */
export type Films = Awaited<ReturnType<typeof films>>;

/** Requests of held-out users, whose last two films are the answers. */
function nextFilms({ split, dataset, held }: Films, most: number): TestRequest[] {
  const { validation, test } = split;
  if (!validation)
    throw new InvalidInputError({
      expected: 'a validation part',
      received: 'none',
      hint: 'Make the split with a validation part.',
    });
  return [...new Set(held.request)].slice(0, most).flatMap((at) => {
    const request = held.requests[at];
    const user = request && dataset.log.users.find(request.user);
    if (request === undefined || user === undefined) return [];
    return [
      {
        text: request.text,
        user: request.user,
        targets: [...new Set([...validation.history(user), ...test.history(user)])],
        exclude: [...dataset.log.history(user)],
      },
    ];
  });
}

/** The sets of requests that are answered. */
export async function testSets(data: Films, extent: Extent): Promise<TestSet[]> {
  const { dataset, texts } = data;
  const every = await loadBundledMovieTweetings({ core: 'none' });
  const known = new Map(Array.from(dataset.log.items, (id, item) => [id, texts[item] as string]));
  const everyTexts = Array.from(
    every.log.items,
    (id, item) => known.get(id) ?? every.catalog.itemText(item, ['title', 'genres']),
  );
  const tot = (await totRequests(dataset.log.items, 'validation')).slice(0, extent.most);
  const totAll = (await totRequests(every.log.items, 'validation')).slice(0, extent.most);
  const redial = await dialogueTurns(dataset, 'redial', extent.most);
  const inspired = await dialogueTurns(dataset, 'inspired', extent.most);
  const own = { dataset, texts, isDeep: false, isPersonal: false };
  return [
    { ...own, name: 'tot-reddit, 5-core', requests: tot, isDeep: true },
    { ...own, name: 'next films', requests: nextFilms(data, extent.most), isPersonal: true },
    { ...own, name: 'ReDial', requests: redial.requests },
    { ...own, name: 'INSPIRED', requests: inspired.requests },
    { ...own, name: 'tot-reddit, all films', dataset: every, texts: everyTexts, requests: totAll },
  ];
}
