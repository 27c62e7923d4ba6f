// Names that the examples in doc comments use without declaring them.

import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Catalog,
  createDataset,
  type Dataset,
  EmbeddingTable,
  IdMap,
  InteractionLog,
  RandomStream,
  type Ranker,
  WORLD,
} from '@palate/core';
import { importDataset } from '@palate/datasets';
import { CtrModel, ctrSamples, encodeFeatures, seenEntities } from '@palate/knowledge-augment';
import { openaiModel, useLiteEncoder } from '@palate/llm';
import { Bm25Retriever, Ease, PopularityRetriever } from '@palate/retrievers';
import { RqKMeans, SemanticIds } from '@palate/semantic-id';
import { SasRec } from '@palate/sequential';
import { registerOrtBackend } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';

registerOrtBackend();
await tf.setBackend('ort');

/** Everybody walks round a ring of items. */
export const log = InteractionLog.fromRows([
  ...['alien', 'heat'].map((item, k) => ({ user: 'ann', item, timestamp: k, rating: 5 })),
  ...Array.from({ length: 240 }, (_, k) => ({
    user: `u${k % 30}`,
    item: `i${((k % 30) + Math.floor(k / 30)) % 24}`,
    timestamp: k,
    rating: 1 + (k % 5),
  })),
]);
const titles = [...log.items].map((id) => `A film about ${id}, heist and robbers`);
export const catalog = new Catalog({ items: log.items, text: { title: titles } });
export const dataset = createDataset({ name: 'ring', log, catalog, licence: 'MIT', source: 'made up' });
export const ease = await Ease.fit(dataset);
export const bm25 = await Bm25Retriever.fit(dataset);
export const retriever = await PopularityRetriever.fit(dataset);
export const create = (data: Dataset): Promise<Ease> => Ease.fit(data);
export const ranker: Ranker = {
  name: 'as they come',
  rank: async (_, candidates, k) => candidates.map((list) => list.slice(0, k)),
};
export const test = (_: string, run: () => Promise<void>): Promise<void> => run();
export const now = 1000;
export const pieces = ['It is a heist ', 'film like Heat.'];
export const x = tf.ones([1, 64]) as tf.Tensor2D;
export const w = tf.variable(tf.ones([64, 2]) as tf.Tensor2D);
export const a = tf.ones([2, 2]) as tf.Tensor2D;
export const b = tf.ones([2, 2]) as tf.Tensor2D;

const random = new RandomStream(1);
const noise = (items: IdMap): EmbeddingTable =>
  new EmbeddingTable(
    items,
    4,
    Float32Array.from({ length: items.size * 4 }, () => random.normal()),
    WORLD,
  );
export const table = noise(new IdMap(Array.from({ length: 400 }, (_, k) => `film ${k}`)));
const own = noise(log.items);
export const ids = await SemanticIds.assign(await RqKMeans.fit(own, { size: 8 }), own, { encoder: 'noise' });
export const encoder = await useLiteEncoder();
export const samples = ctrSamples(log, { above: 3 });
const features = encodeFeatures(
  dataset,
  [{ name: 'id', of: 'item', kind: 'categorical' }],
  seenEntities(samples),
);
export const clickModel = await CtrModel.fit(samples, { backbone: 'din', features, epochs: 1, dimension: 4 });

const body = JSON.stringify({
  choices: [{ message: { content: '{"stars": 4, "reason": "A heist."}' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 5 },
});
const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(body));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
server.unref();
export const model = openaiModel({
  model: 'made-up',
  baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
});
export const messages = [{ role: 'user', content: 'How many stars for Heat?' }] as const;

await writeFile(
  'orders.csv',
  'customer,sku,day,bought_at\nann,lamp,2024-01-02,2024-01-02\nbob,lamp,2024-01-03,2024-01-03\n',
);
await writeFile('products.jsonl', '{"sku":"lamp","name":"Lamp"}\n');
await importDataset({
  interactions: 'orders.csv',
  items: 'products.jsonl',
  columns: { user: 'customer', item: 'sku', timestamp: 'day' },
  folder: 'shop',
});
using sasrec = await SasRec.fit(dataset, { dimension: 8, epochs: 1 });
await sasrec.save('models/sasrec');
process.argv = ['node', 'palate', 'greet'];
process.env.OPENAI_API_KEY ??= 'none';
