import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { type FeedbackStore, InvalidInputError } from '@palate/core';
import type { Logger } from 'pino';
import { knowledgeFolder } from '../knowledge/store-folder.js';
import { isShared, openFeedbackPlace } from './feedback-place.js';
import type { EngineSettings } from './host/protocol.js';
import { Admission } from './http/admission.js';
import { ApiKeys } from './http/api-keys.js';
import { createApp } from './http/app.js';
import { allowedHosts } from './http/hosts.js';
import { ServerMetrics } from './http/metrics.js';
import { readPage } from './http/page-files.js';
import { Jobs, type JobView } from './jobs.js';
import { KnowledgeJobs } from './knowledge-jobs.js';
import { LastingEngine } from './lasting-engine.js';
import { QueueJobs } from './queue-jobs.js';

/** Options of {@link serve}. */
export interface ServeOptions {
  readonly engine: EngineSettings;
  readonly version: string;
  /** Address to listen on. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** File of API keys; without one everybody may ask. */
  readonly apiKeys?: string | undefined;
  /** Origins of pages that may ask from a browser. */
  readonly origins?: readonly string[] | undefined;
  /** Further names under which the server may be asked. */
  readonly hosts?: readonly string[] | undefined;
  /** Requests of one client in a second. Default: no limit. */
  readonly rate?: number | undefined;
  /** Requests under way at most. Default 256. */
  readonly concurrency?: number | undefined;
  /** Folder, `postgres:` URL or `memory`. Default: a folder of the data. */
  readonly feedback?: string | undefined;
  /** `redis://…` of the workers whose jobs are shown. Default: none. */
  readonly queue?: string | undefined;
  readonly log: Logger;
}

/** A server that answers. */
export interface RunningServer {
  /** Where it answers. */
  readonly url: string;
  /** Resolves when the models are ready, and rejects if they cannot be. */
  readonly ready: Promise<void>;
  /** Takes no more connections, answers what it accepted, and ends. */
  close(): Promise<void>;
}

/** Folder of the committed tables, beside this app. */
const BENCHMARKS = fileURLToPath(new URL('../../../benchmark/results/', import.meta.url));
/** Seconds that requests under way have left once the server is asked to terminate. */
const GRACE = 30;
/** Milliseconds between two looks at what other processes did: feedback on the same database, runs of `palate knowledge`. */
const LOOK_EVERY = 1000;

/**
 * Serves an engine over HTTP: listens first, so that it is seen to be alive, then opens the engine and
 * prepares its models.
 *
 * @throws InvalidInputError for an address that cannot be listened on, keys or data that cannot be used
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { log, host, port, concurrency = 256 } = options;
  const closing = new AbortController();
  const jobs = new Jobs();
  let isReady = false;
  let store: Promise<FeedbackStore> | undefined;
  let resolveReady: () => void = () => undefined;
  let rejectReady: (error: unknown) => void = () => undefined;
  const whenReady = new Promise<void>((resolve, reject) => {
    resolveReady = resolve;
    rejectReady = reject;
  });
  whenReady.catch(() => undefined);

  const engine: LastingEngine = new LastingEngine(
    options.engine,
    {
      openStore: (data) => {
        store ??= openFeedbackPlace(options.feedback, data);
        return store;
      },
      onProgress: (progress) => jobs.tell(progress),
      onNotice: (text) => log.info({ notice: text }),
      onEnd: () => {
        isReady = false;
        metrics.restarts.inc();
      },
    },
    (opened) => {
      jobs.start('prepare', 'Models of the pipeline', async ({ signal }) => {
        try {
          await opened.call('prepare', undefined, { signal });
        } catch (error) {
          rejectReady(error);
          throw error;
        }
        isReady = true;
        resolveReady();
      });
    },
    log,
  );
  const metrics = new ServerMetrics(() => engine.pending);
  const [keys, page] = await Promise.all([
    options.apiKeys === undefined ? undefined : ApiKeys.read(options.apiKeys),
    readPage(),
  ]);
  const app = createApp({
    version: options.version,
    engine,
    jobs,
    admission: new Admission(concurrency, options.rate),
    metrics,
    log,
    page,
    benchmarks: BENCHMARKS,
    keys,
    origins: options.origins ?? [],
    hosts: allowedHosts(host, options.hosts),
    isReady: () => isReady,
    closing: closing.signal,
    start: {
      refit: (): JobView =>
        jobs.running('refit') ??
        jobs.start('refit', 'All models, on the data and all feedback', ({ signal, onProgress }) =>
          engine.refit({ signal, onProgress }),
        ),
      fit: (system): JobView =>
        jobs.running('fit', system) ??
        jobs.start('fit', system, ({ signal }) => engine.fit(system, { signal })),
    },
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await listen(server, host, port);
  const { port: own, address } = server.address() as AddressInfo;
  const name = address.includes(':') ? `[${address}]` : address === '0.0.0.0' ? '127.0.0.1' : address;

  const knowledge = new KnowledgeJobs(await knowledgeFolder(options.engine.data));
  void lookAgainAndAgain(async () => {
    const view = await knowledge.newest().catch((error: unknown) => {
      log.warn({ err: error }, 'the record of texts was not read');
    });
    if (view) jobs.show(view);
  }, closing.signal);
  const queue = options.queue === undefined ? undefined : new QueueJobs(options.queue);
  if (queue)
    void lookAgainAndAgain(async () => {
      const view = await queue.newest().catch((error: unknown) => {
        log.warn({ err: error }, 'the queue of the workers was not read');
      });
      if (view) jobs.show(view);
    }, closing.signal);
  if (isShared(options.feedback))
    void lookAgainAndAgain(async () => {
      if (!isReady) return;
      await engine.call('catchUp').catch((error: unknown) => {
        log.warn({ err: error }, 'feedback of other servers was not read');
      });
    }, closing.signal);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      closing.abort();
      await finish(server);
      await jobs.close();
      await queue?.close();
      await engine.close();
      await (await store?.catch(() => undefined))?.close();
    })();
    return closed;
  };
  try {
    await engine.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://${name}:${own}/`, ready: whenReady, close };
}

/** Looks at what other processes did, with a pause after each look, until the signal fires. */
async function lookAgainAndAgain(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await look();
    await pause(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Milliseconds that a connection stays open between two requests: longer than proxies and clients keep theirs (60 s is usual).
 * With Node's five seconds a request may come on a connection that the server closes at that moment, and fail.
 */
const KEPT_OPEN = 75_000;

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.keepAliveTimeout = KEPT_OPEN;
  // More may come at once than the default of 511: those beyond it would wait in silence instead of being answered by 429.
  server.listen({ port, host, backlog: 4096 });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new InvalidInputError({
      expected: `to listen on ${host}, port ${port}`,
      received: (cause as Error).message,
      hint: 'Choose another by --port, or --port 0 for any that is free.',
      cause,
    });
  }
}

/** Rounds of the event loop, and milliseconds of each, in which connections that wait at the door are let in and read. */
const LAST_CALLS = 6;
const LAST_CALL = 40;

/** Ends a server once it has answered what it accepted; those that take too long are cut off. */
async function finish(server: Server): Promise<void> {
  // To close is to drop connections whose request was not read yet. A busy process comes here late: time alone is not enough.
  for (let round = 0; round < LAST_CALLS; round++) {
    await new Promise((resolve) => setTimeout(resolve, LAST_CALL));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const ended = once(server, 'close');
  server.close();
  const timer = setTimeout(() => server.closeAllConnections(), 1000 * GRACE);
  await ended;
  clearTimeout(timer);
}
