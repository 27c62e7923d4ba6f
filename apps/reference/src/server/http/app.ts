import { createHash } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { PalateError } from '@palate/core';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { BenchmarkReader } from '../../benchmarks/benchmark-reader.js';
import type { AppEnv, AppParts } from './app-parts.js';
import { addEngineRoutes } from './engine-routes.js';
import { failureOf } from './failures.js';
import { checkHost } from './hosts.js';
import { addJobRoutes } from './job-routes.js';
import { openApi } from './openapi.js';
import { referencePage } from './reference-page.js';

const PAGE_MISSING =
  '<!doctype html><html lang="en"><title>Palate</title><p>The page was not built: <code>pnpm build</code>. <a href="./reference">The interface</a> is here.</p>';

/** The HTTP interface over an engine. */
export function createApp(parts: AppParts): Hono<AppEnv> {
  const { version, keys, metrics, log, admission, closing } = parts;
  const app = new Hono<AppEnv>();
  const description = openApi(version);
  const reference = referencePage(description);

  app.use(async (c, next) => {
    const started = performance.now();
    const id = crypto.randomUUID();
    c.set('requestId', id);
    await next();
    c.header('x-request-id', id);
    if (closing.aborted) c.header('connection', 'close');
    const { method } = c.req;
    // The pattern of the path: ids of users and items are in no log and no label.
    const route =
      c.res.status === 404 && !c.req.path.startsWith('/api/') ? 'unknown' : routeOf(c.req.matchedRoutes);
    const seconds = (performance.now() - started) / 1000;
    metrics.seconds.observe({ method, route, status: c.res.status }, seconds);
    log.info({
      id,
      method,
      route,
      status: c.res.status,
      ms: Math.round(seconds * 1e4) / 10,
      client: c.get('client'),
    });
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", ...stylesOf(reference)],
        imgSrc: ["'self'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
      },
      xFrameOptions: 'DENY',
      referrerPolicy: 'no-referrer',
      // A proxy that terminates TLS adds this header.
      strictTransportSecurity: false,
    }),
  );
  app.use(async (c, next) => {
    checkHost(c.req.header('host'), parts.hosts);
    await next();
  });

  app.get('/health', (c) => c.json({ status: 'alive' }));
  app.get('/ready', (c) => {
    const isReady = parts.isReady() && !closing.aborted;
    return c.json(
      { ready: isReady, jobs: parts.jobs.list.filter(({ state }) => state === 'running') },
      isReady ? 200 : 503,
    );
  });
  app.get('/openapi.json', (c) => c.json(description));
  app.get('/reference', (c) => c.html(reference));

  app.use(
    '/api/*',
    cors({ origin: [...parts.origins], allowHeaders: ['authorization', 'content-type', 'accept'] }),
  );
  const guard = async (c: GuardContext, next: () => Promise<void>): Promise<void> => {
    if (keys) {
      const [, key = ''] = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '') ?? [];
      const client = keys.holderOf(key);
      if (client === undefined)
        throw new PalateError('unauthorized', {
          expected: 'a known API key in the header authorization: Bearer KEY',
          received: key === '' ? 'none' : 'an unknown one',
          hint: 'Ask the operator of the server for a key.',
        });
      c.set('client', client);
    }
    await admission.checkRate(c.get('client') ?? c.env.incoming?.socket.remoteAddress ?? 'unknown');
    await next();
  };
  app.use('/api/*', guard);
  app.use('/metrics', guard);
  app.get('/metrics', async (c) =>
    c.text(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType }),
  );

  addEngineRoutes(app, parts);
  addJobRoutes(app, parts);
  const benchmarks = new BenchmarkReader(parts.benchmarks);
  app.get('/api/v1/benchmarks', async (c) => c.json({ tables: await benchmarks.tables() }));

  app.get('*', (c) => {
    const file = parts.page.get(c.req.path);
    if (!file) {
      if (c.req.path === '/') return c.html(PAGE_MISSING);
      return c.notFound();
    }
    c.header('etag', file.tag);
    c.header('cache-control', file.isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache');
    if (c.req.header('if-none-match') === file.tag) return c.body(null, 304);
    return c.body(file.bytes, 200, { 'content-type': file.type });
  });

  app.notFound((c) => {
    const { status, body } = failureOf(
      new PalateError('not-found', {
        expected: 'a path of the interface',
        received: `${c.req.method} ${c.req.path}`,
        hint: 'Look up the paths at /reference.',
      }),
    );
    return c.json(body, status as 404);
  });
  app.onError((error, c) => {
    const { status, body } = failureOf(error);
    if (status === 500) log.error({ id: c.get('requestId'), err: error });
    metrics.refused.inc({ code: body.error.code });
    if (status === 429 || status === 503) c.header('retry-after', '1');
    if (status === 401) c.header('www-authenticate', 'Bearer');
    return c.json(body, status as 400);
  });
  return app;
}

/** The style elements of a page as a content security policy names them. */
function stylesOf(page: string): string[] {
  return Array.from(
    page.matchAll(/<style>([\s\S]*?)<\/style>/g),
    ([, style = '']) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  );
}

interface GuardContext {
  readonly req: { header(name: string): string | undefined };
  readonly env: HttpBindings;
  get(name: 'client'): string | undefined;
  set(name: 'client', value: string): void;
}

/** The pattern of the last route that matched. */
function routeOf(routes: readonly { readonly path: string }[]): string {
  return routes.map(({ path }) => path).findLast((path) => !path.endsWith('*')) ?? 'page';
}
