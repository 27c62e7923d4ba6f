import type { z } from 'zod';
import type { Operation } from '../host/protocol.js';
import * as answers from './answer-schemas.js';
import * as requests from './request-schemas.js';

/** A call of the interface that the engine answers. */
export interface EngineRoute {
  readonly method: 'get' | 'post';
  /** Below `/api/v1`, parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly body?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly answer: z.ZodType;
  readonly operation: Operation;
  /** Picks what the engine is given, of the body, the query or the parameter. */
  readonly argument: (given: never) => unknown;
  /** Requests that the call stands for, against overload. */
  readonly weight?: ((given: never) => number) | undefined;
  /** True if models answer it, which have to be ready first. */
  readonly needsModels?: boolean | undefined;
  /** True if it can be streamed as server-sent events. */
  readonly streams?: Operation | undefined;
}

const same = (given: unknown): unknown => given;

/** The calls that go to the engine. */
export const ENGINE_ROUTES: readonly EngineRoute[] = [
  {
    method: 'post',
    path: '/recommend',
    summary: 'Recommends for a user, a history, or a request in words',
    body: requests.recommendRequest,
    answer: answers.answer,
    operation: 'recommend',
    argument: same,
    needsModels: true,
  },
  {
    method: 'post',
    path: '/recommend/batch',
    summary: 'Answers several requests, each model asked once for all',
    body: requests.batchRequest,
    answer: answers.answers,
    operation: 'recommendBatch',
    argument: (given: z.infer<typeof requests.batchRequest>) => given.requests,
    weight: (given: z.infer<typeof requests.batchRequest>) => given.requests.length,
    needsModels: true,
  },
  {
    method: 'post',
    path: '/similar',
    summary: 'Finds similar items',
    body: requests.similarRequest,
    answer: answers.answer,
    operation: 'similar',
    argument: same,
  },
  {
    method: 'post',
    path: '/rank',
    summary: 'Ranks the given items',
    body: requests.rankRequest,
    answer: answers.answer,
    operation: 'rank',
    argument: same,
    needsModels: true,
  },
  {
    method: 'post',
    path: '/search',
    summary: 'Finds items by words: titles first, then texts',
    body: requests.searchRequest,
    answer: answers.answer,
    operation: 'search',
    argument: same,
  },
  {
    method: 'post',
    path: '/explain',
    summary: 'Explains one item to somebody; streamed where text/event-stream is accepted',
    body: requests.explainRequest,
    answer: answers.explanation,
    operation: 'explain',
    argument: same,
    streams: 'explainStream',
  },
  {
    method: 'post',
    path: '/feedback',
    summary: 'Stores what users did: on disk before the answer, counted from the next answer on',
    body: requests.feedbackRequest,
    answer: answers.accepted,
    operation: 'feedback',
    argument: (given: z.infer<typeof requests.feedbackRequest>) => given.events,
  },
  {
    method: 'post',
    path: '/items',
    summary: 'Adds items, or new texts of known ones, without fitting',
    body: requests.itemsRequest,
    answer: answers.added,
    operation: 'addItems',
    argument: (given: z.infer<typeof requests.itemsRequest>) => given.items,
  },
  {
    method: 'get',
    path: '/items',
    summary: 'Pages through the catalogue, or finds titles',
    query: requests.itemsQuery,
    answer: answers.itemPage,
    operation: 'items',
    argument: ({ query: _, ...page }: z.infer<typeof requests.itemsQuery>) => page,
  },
  {
    method: 'get',
    path: '/items/{id}',
    summary: 'Returns what is known of an item',
    answer: answers.item,
    operation: 'item',
    argument: (given: { id: string }) => given.id,
  },
  {
    method: 'get',
    path: '/users/{id}',
    summary: 'Returns what is known of a user',
    answer: answers.user,
    operation: 'user',
    argument: (given: { id: string }) => given.id,
  },
  {
    method: 'get',
    path: '/systems',
    summary: 'Lists the systems that can answer alone, and their state',
    answer: answers.systems,
    operation: 'systems',
    argument: () => undefined,
  },
  {
    method: 'get',
    path: '/status',
    summary: 'Returns the state of data, models and feedback',
    answer: answers.status,
    operation: 'status',
    argument: () => undefined,
  },
  {
    method: 'get',
    path: '/map',
    summary: 'Lays the items out on a plane and in a tree of semantic IDs',
    answer: answers.map,
    operation: 'map',
    argument: () => undefined,
  },
];

/** Descriptions of the calls that the server answers itself. */
export const OWN_ROUTES: readonly Pick<EngineRoute, 'method' | 'path' | 'summary' | 'body' | 'answer'>[] = [
  {
    method: 'post',
    path: '/refit',
    summary:
      'Fits all models again on the data and all feedback, in the background; the old ones answer until then',
    body: requests.refitRequest,
    answer: answers.job,
  },
  {
    method: 'post',
    path: '/fit',
    summary: 'Fits one more system, in the background',
    body: requests.fitRequest,
    answer: answers.job,
  },
  {
    method: 'get',
    path: '/jobs',
    summary: 'Lists current and past background jobs',
    answer: answers.jobs,
  },
  { method: 'get', path: '/jobs/{id}', summary: 'Returns the progress of a job', answer: answers.job },
  {
    method: 'get',
    path: '/jobs/{id}/events',
    summary: 'Streams a job as server-sent events until it ends',
    answer: answers.job,
  },
  {
    method: 'post',
    path: '/jobs/{id}/cancel',
    summary: 'Stops a job',
    body: requests.cancelRequest,
    answer: answers.job,
  },
  {
    method: 'get',
    path: '/benchmarks',
    summary: 'Lists the committed benchmark tables',
    answer: answers.benchmarks,
  },
];
