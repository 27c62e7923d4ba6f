import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { PalateError } from '@palate/core';
import type { Engine } from '@palate/engine';
import { readBenchmarks } from '../../src/benchmarks/read-benchmarks.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** The strictest policy that the page is made for: nothing inline, nothing from elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'";

/** A page over an engine, on a port of the loopback. */
export interface Host {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Serves the built page, and an engine by the addresses of the contract. */
export async function host(engine: Engine, page: string, benchmarks: string): Promise<Host> {
  const answers: Readonly<Record<string, (body: never) => unknown>> = {
    'GET /status': () => engine.status(),
    'GET /systems': () => ({ systems: engine.status().methods }),
    'GET /benchmarks': async () => ({ tables: await readBenchmarks(benchmarks) }),
    'GET /map': () => engine.map(),
    'GET /items': () => engine.items({ limit: 60 }),
    'GET /jobs': () => ({ jobs: [] }),
    'POST /recommend': (body) => engine.recommend(body),
    'POST /search': (body) => engine.search(body),
    'POST /similar': (body) => engine.similar(body),
    'POST /feedback': ({ events }: { events: never }) => engine.feedback(events),
    'POST /refit': () => engine.refit(),
  };
  const json = (response: ServerResponse, status: number, value: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    try {
      if (!pathname.startsWith('/api/v1/')) {
        const file = join(page, pathname === '/' ? 'index.html' : pathname);
        const bytes = await readFile(file);
        response.writeHead(200, {
          'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
          'content-security-policy': POLICY,
        });
        response.end(bytes);
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const body = (text === '' ? undefined : JSON.parse(text)) as never;
      const path = pathname.slice('/api/v1'.length);
      if (path === '/explain') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for await (const piece of engine.explainStream(body))
          response.write(`event: text\ndata: ${JSON.stringify(piece)}\n\n`);
        response.end('event: done\ndata: {}\n\n');
        return;
      }
      if (path.startsWith('/items/')) {
        const item = engine.item(decodeURIComponent(path.slice('/items/'.length)));
        json(response, item ? 200 : 404, item ?? { error: { code: 'unknown-id', message: 'No such item.' } });
        return;
      }
      const answer = answers[`${request.method} ${path}`];
      if (answer) json(response, 200, await answer(body));
      else json(response, 404, { error: { code: 'unknown-path', message: `There is no ${path}.` } });
    } catch (error) {
      const { code, message, hint } = PalateError.is(error)
        ? error
        : { code: 'not-found', message: String(error), hint: undefined };
      json(response, PalateError.is(error) ? 400 : 404, { error: { code, message, hint } });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };
}
