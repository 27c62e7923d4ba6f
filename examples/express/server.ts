// Recommendations in an Express application. Each handler is a few lines over one engine, opened at start.
import { fileURLToPath } from 'node:url';
import { PalateError } from '@palate/core';
import { importDataset } from '@palate/datasets';
import { Engine } from '@palate/engine';
import express, { type ErrorRequestHandler, type Response } from 'express';

const file = (name: string) => fileURLToPath(new URL(`../shop/${name}`, import.meta.url));
const { dataset } = await importDataset({ interactions: file('orders.csv'), items: file('products.jsonl') });
const engine = await Engine.open({ dataset });
await engine.prepare();

const app = express().use(express.json());

app.get('/recommendations/:user', async (request, response) => {
  const { user } = request.params;
  const highest = request.query.price;
  const { items, sources } = await engine.recommend(
    {
      user,
      k: 5,
      explain: true,
      filter: highest === undefined ? undefined : { price: { max: Number(highest) } },
    },
    { signal: whileOpen(response) },
  );
  response.json({ items: items.map(({ id, title, reason }) => ({ id, title, reason })), sources });
});

app.get('/similar/:item', async (request, response) => {
  const { items } = await engine.similar(
    { item: request.params.item, k: 5 },
    { signal: whileOpen(response) },
  );
  response.json({ items: items.map(({ id, title }) => ({ id, title })) });
});

// What somebody did counts for their next answer.
app.post('/feedback', async (request, response) => {
  response.status(202).json(await engine.feedback(request.body));
});

/** Ends the work for a client that has gone. */
function whileOpen(response: Response): AbortSignal {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  return gone.signal;
}

// Errors of Palate say what was expected, what came, and what to do: the client may read that of its own request.
app.use(((error, _request, response, next) => {
  if (!PalateError.is(error) || error.code !== 'invalid-input') return next(error);
  const { expected, received, hint } = error;
  response.status(400).json({ expected, received, hint });
}) satisfies ErrorRequestHandler);

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error;
  const address = server.address();
  console.log(
    `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}/recommendations/C109`,
  );
});
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => server.close(() => void engine.close()));
