import { PalateError } from '@palate/core';
import type { Hono } from 'hono';
import type { JobView } from '../jobs.js';
import type { AppEnv, AppParts } from './app-parts.js';
import { eventStream } from './event-stream.js';
import { checked } from './failures.js';
import { jsonBody } from './json-body.js';
import { cancelRequest, fitRequest, refitRequest } from './request-schemas.js';

/** Adds the calls about what runs in the background. */
export function addJobRoutes(app: Hono<AppEnv>, { jobs, start, closing }: AppParts): void {
  const found = (id: string): JobView => {
    const job = jobs.get(id);
    if (job) return job;
    throw new PalateError('unknown-id', {
      expected: 'a known job id',
      received: JSON.stringify(id),
      hint: 'GET /api/v1/jobs lists them.',
    });
  };
  app.get('/api/v1/jobs', (c) => c.json({ jobs: jobs.list }));
  app.get('/api/v1/jobs/:id', (c) => c.json(found(c.req.param('id'))));
  app.get('/api/v1/jobs/:id/events', (c) => {
    const { id } = found(c.req.param('id'));
    return eventStream(c, async function* (gone) {
      for await (const job of jobs.follow(id, AbortSignal.any([gone, closing])))
        yield { data: JSON.stringify(job) };
    });
  });
  app.post('/api/v1/jobs/:id/cancel', async (c) => {
    const { id } = found(c.req.param('id'));
    checked(cancelRequest, await jsonBody(c), 'body');
    return c.json(await jobs.cancel(id));
  });
  app.post('/api/v1/refit', async (c) => {
    checked(refitRequest, await jsonBody(c), 'body');
    return c.json(start.refit(), 202);
  });
  app.post('/api/v1/fit', async (c) => {
    const { system } = checked(fitRequest, await jsonBody(c), 'body');
    return c.json(start.fit(system), 202);
  });
}
