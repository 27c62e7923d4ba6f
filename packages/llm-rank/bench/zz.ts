import { existsSync } from 'node:fs';
import { EmbeddingTable, Pipeline, withLog } from '@palate/core';
import {
  loadBundledMovieTweetings,
  loadItemKnowledge,
  loadUserKnowledge,
} from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { reduceVectors, useLiteEncoder } from '@palate/llm';
import { SasRec } from '@palate/retrievers';
import { LocalRanker } from '../src/index.js';

const extra = JSON.parse(process.argv[2] ?? '{}');
const { useVectors = true, ...options } = extra;
const data = await loadBundledMovieTweetings({ core: 5 });
const know = new Map((await loadItemKnowledge()).map((k) => [k.item, k.text]));
const encoder = await useLiteEncoder({ cacheDir: '/tmp/palate/vec' });
const texts = [...data.log.items].map(
  (id, i) => `${data.catalog.itemText(i, ['title', 'genres'])}. ${know.get(id)}`,
);
const { data: v, width } = await encoder.encode(texts);
await encoder.close();
const table = new EmbeddingTable(data.log.items, width, v);
const profiles = new Map((await loadUserKnowledge()).map((u) => [u.user, u.keywords.join(', ')]));
const split = leaveOneOut(data.log);
const train = withLog(data, split.train);
const { offsets, row } = data.log.byUser();
const held = new Set<number>();
for (let u = 0; u < data.log.users.size; u++)
  if (split.test.history(u).length) held.add(row[offsets[u + 1]! - 1]!);
const known = data.log.select(
  Int32Array.from({ length: data.log.length }, (_, r) => r).filter((r) => !held.has(r)),
);
const dir = '/tmp/palate/sasrec-mt';
let sas: SasRec;
if (existsSync(dir)) sas = await SasRec.load(dir);
else {
  sas = await SasRec.fit(train, {
    epochs: 60,
    batchSize: 64,
    learningRate: 0.002,
    validation: split.validation!,
  });
  await sas.save(dir);
}
const ev = async (r: any) => {
  const x = await evaluateRanking(
    r,
    { history: known, test: split.test },
    { metrics: ['hr@10', 'ndcg@10', 'hr@50'] },
  );
  return Object.entries(x.metrics)
    .map(([k, m]) => `${k} ${m!.mean.toFixed(4)}`)
    .join(' ');
};
console.log('sasrec', await ev(sas));
const t = performance.now();
const ranker = await LocalRanker.fit(train, {
  profiles,
  ...(useVectors ? { vectors: reduceVectors(table, { width: options.dimension ?? 64 }) } : {}),
  validation: split.validation!,
  retriever: sas,
  ...options,
});
console.log(
  'fit',
  ((performance.now() - t) / 1000).toFixed(0),
  ranker.history
    .map((h) => `${h.loss.toFixed(3)}/${h.metrics['ndcg@10']?.toFixed(4)}/${h.seconds.toFixed(0)}s`)
    .join(' '),
);
console.log('weight', ranker.orderWeight);
console.log('v1', await ev(ranker));
for (const w of [0, ranker.orderWeight]) {
  const wrapped = {
    name: 'x',
    rank: (q: any, c: any, k: number, o: any) => ranker.rank(q, c, k, { ...o, orderWeight: w }),
  };
  console.log('v2 weight', w, await ev(new Pipeline(sas, [wrapped as any], { candidates: 50 })));
}
