import { PalateError } from '@palate/core';
import type { Context, Hono } from 'hono';
import type { Operation } from '../host/protocol.js';
import type { AppEnv, AppParts } from './app-parts.js';
import { eventStream } from './event-stream.js';
import { checked } from './failures.js';
import { jsonBody } from './json-body.js';
import { PieceQueue } from './piece-queue.js';
import { ENGINE_ROUTES, type EngineRoute } from './routes.js';

/** Seconds after which a request times out: more than a live model takes. */
const LONGEST = 150;

/** Reads what a request gives, checked by the schema of its route. */
async function givenTo(c: Context<AppEnv>, { body, query }: EngineRoute): Promise<unknown> {
  if (body) return checked(body, await jsonBody(c), 'body');
  if (query) return checked(query, c.req.query(), 'query');
  return { id: c.req.param('id') };
}

/** Adds the calls that the engine answers. */
export function addEngineRoutes(app: Hono<AppEnv>, parts: AppParts): void {
  const { engine, admission, metrics, isReady } = parts;
  for (const route of ENGINE_ROUTES)
    app.on(route.method, `/api/v1${route.path.replace(/\{(\w+)\}/g, ':$1')}`, async (c) => {
      const given = await givenTo(c, route);
      if (route.needsModels && !isReady())
        throw unavailable('not-ready', 'models that are ready', 'They are being fitted: see /api/v1/jobs.');
      // `givenTo` has read it by the schema of this route.
      const leave = admission.enter(route.weight?.(given as never) ?? 1);
      const controller = new AbortController();
      const gone = (): void => controller.abort();
      const timer = setTimeout(gone, 1000 * LONGEST);
      c.req.raw.signal.addEventListener('abort', gone, { once: true });
      const end = (): void => {
        leave();
        clearTimeout(timer);
      };
      const [operation, argument] = operationOf(route, given);
      if (route.streams && (c.req.header('accept') ?? '').includes('text/event-stream'))
        return eventStream(
          c,
          async function* (signal) {
            signal.addEventListener('abort', gone, { once: true });
            const pieces = new PieceQueue();
            engine
              .call(route.streams as Operation, argument, {
                signal: controller.signal,
                onPiece: (piece) => pieces.push(piece),
              })
              .then(
                () => pieces.end(),
                (error: unknown) => pieces.end(error),
              );
            for await (const data of pieces) yield { data };
          },
          end,
        );
      try {
        const { json, batch } = await engine.call(operation, argument, { signal: controller.signal });
        if (operation === 'recommend') metrics.batch.observe(batch);
        if (operation === 'feedback') metrics.feedback.inc((argument as readonly unknown[]).length);
        return c.body(json, 200, { 'content-type': 'application/json' });
      } catch (error) {
        if (controller.signal.aborted && !c.req.raw.signal.aborted)
          throw unavailable('timed-out', `an answer within ${LONGEST} s`, 'Ask again, or ask for less.');
        throw error;
      } finally {
        end();
      }
    });
}

/** Titles are looked for by other means than pages of the catalogue. */
function operationOf(route: EngineRoute, given: unknown): [Operation, unknown] {
  const { query, limit = 50 } = Object(given) as { query?: string; limit?: number };
  if (route.operation === 'items' && query !== undefined && query.trim() !== '')
    return ['findItems', { words: query, limit }];
  // It was read by the schema of this route.
  return [route.operation, route.argument(given as never)];
}

function unavailable(code: string, expected: string, hint: string): PalateError {
  return new PalateError(code, { expected, received: 'none', hint, isRetryable: true });
}
