import type { Progress } from '@palate/core';
import { PalateError, UnknownIdError } from '@palate/core';
import type {
  ChosenModel,
  Engine,
  ExplainRequest,
  FeedbackEvent,
  NewItem,
  RankRequest,
  RecommendRequest,
  RefitReport,
  SearchRequest,
  SimilarRequest,
} from '@palate/engine';
import type { Operation } from './protocol.js';

/** How a call goes on. */
interface CallContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

type Call = (engine: Engine, argument: never, context: CallContext) => unknown;

/** A request for a page of items. */
interface ItemsRequest {
  readonly prefix?: string;
  readonly offset?: number;
  readonly limit?: number;
}

/**
 * Refuses a system that a request would have to train: the operator of the server starts training, not a request.
 *
 * @throws PalateError of code `not-fitted`
 */
export function checkFitted(engine: Engine, request: Pick<RecommendRequest, 'system'>): void {
  if (request.system === undefined) return;
  const method = engine.status().methods.find(({ key }) => key === request.system);
  // An unknown method is refused by the engine itself.
  if (!method || method.state === 'ready' || !method.needs.includes('training')) return;
  throw new PalateError('not-fitted', {
    expected: `a system that is ready, or fitted at once`,
    received: `${method.key}, which is ${method.state}`,
    hint: `Fit it first: POST /api/v1/fit {"system":"${method.key}"}.`,
  });
}

/** The calls of an engine, by their names in the protocol; `recommend` and streams go other ways. */
export const ENGINE_CALLS: Readonly<Partial<Record<Operation, Call>>> = {
  recommendBatch: (engine, requests: readonly RecommendRequest[], { signal }) => {
    for (const request of requests) checkFitted(engine, request);
    return engine.recommendBatch(requests, { signal }).then((answers) => ({ answers }));
  },
  similar: (engine, request: SimilarRequest, { signal }) => engine.similar(request, { signal }),
  rank: (engine, request: RankRequest, { signal }) => {
    checkFitted(engine, request);
    return engine.rank(request, { signal });
  },
  search: (engine, request: SearchRequest, { signal }) => engine.search(request, { signal }),
  explain: (engine, request: ExplainRequest, { signal }) => engine.explain(request, { signal }),
  feedback: (engine, events: readonly FeedbackEvent[], { signal }) => engine.feedback(events, { signal }),
  addItems: (engine, items: readonly NewItem[]) => engine.addItems(items),
  item: (engine, id: string) => engine.item(id) ?? unknown(id, 'item'),
  user: (engine, id: string) => engine.user(id) ?? unknown(id, 'user'),
  items: (engine, request: ItemsRequest) => engine.items(request),
  findItems: async (engine, { words, limit }: { words: string; limit: number }, { signal }) => {
    const { items } = await engine.search({ words, k: limit }, { signal });
    return { total: items.length, items: items.map(({ id, title }) => ({ id, title })) };
  },
  status: (engine) => {
    // A server's refits are jobs: the thread that answers has made none itself.
    const { refit: _, ...status } = engine.status();
    return status;
  },
  systems: (engine) => ({ systems: engine.status().methods }),
  hasMap: (engine) => engine.hasMap(),
  map: (engine, _: undefined, { signal }) => engine.map({ signal }),
  prepare: (engine, models: readonly ChosenModel[] | undefined, { signal }) =>
    engine.prepare({ signal, models }).then(() => ({ prepared: true })),
  fit: (engine, system: string, { signal }) => engine.fit({ system }, { signal }),
  refit: (engine, models: readonly ChosenModel[], { signal, onProgress }): Promise<RefitReport> =>
    engine.refit({ models, signal, onProgress }),
  models: (engine) => engine.models().filter(({ state }) => state === 'ready'),
  removeModels: (engine, folders: readonly string[]) =>
    engine.removeModels(folders).then(() => ({ removed: true })),
  catchUp: (engine) => engine.catchUp(),
};

function unknown(id: string, what: string): never {
  throw new UnknownIdError(id, what);
}
