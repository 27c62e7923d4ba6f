import { existsSync } from 'node:fs';
import { EmbeddingTable, withLog } from '@palate/core';
import { loadBundledMovieTweetings, loadItemKnowledge } from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { useLiteEncoder } from '../../llm/src/index.js';
import { RqKMeans, RqVae, SemanticIds, Tiger } from '../src/index.js';

const [kind = 'vae', extra = '{}'] = process.argv.slice(2);
const data = await loadBundledMovieTweetings({ core: 5 });
const know = new Map((await loadItemKnowledge()).map((k) => [k.item, k.text]));
const encoder = await useLiteEncoder({ cacheDir: '/tmp/palate/vec' });
const texts = [...data.log.items].map(
  (id, i) => `${data.catalog.itemText(i, ['title', 'genres'])}. ${know.get(id)}`,
);
const { data: v, width } = await encoder.encode(texts);
await encoder.close();
const table = new EmbeddingTable(data.log.items, width, v);
const dir = `/tmp/palate/ids-${kind}`;
let ids: SemanticIds;
if (existsSync(dir)) ids = await SemanticIds.load(dir);
else {
  ids = await SemanticIds.assign(
    kind === 'vae' ? await RqVae.fit(table, { batchSize: 512 }) : await RqKMeans.fit(table),
    table,
    { encoder: encoder.id },
  );
  await ids.save(dir);
}
const split = leaveOneOut(data.log);
const train = withLog(data, split.train);
const held = new Set<number>();
const { offsets, row } = data.log.byUser();
for (let u = 0; u < data.log.users.size; u++)
  if (split.test.history(u).length) held.add(row[offsets[u + 1]! - 1]!);
const known = data.log.select(
  Int32Array.from({ length: data.log.length }, (_, r) => r).filter((r) => !held.has(r)),
);
const t = performance.now();
let last = t;
const tiger = await Tiger.fit(train, {
  ids: ids.align(data.log.items),
  validation: split.validation!,
  ...JSON.parse(extra),
  onProgress: ({ phase, figures, done, total }) => {
    if (done === total && performance.now() - last > 5000) {
      last = performance.now();
      console.log(phase, figures?.loss?.toFixed(3));
    }
  },
});
console.log('fit', ((performance.now() - t) / 1000).toFixed(1));
console.log(
  tiger.history
    .map(
      (h) => `${h.epoch}:${h.loss.toFixed(3)}/${h.metrics['ndcg@10']?.toFixed(4)}/${h.seconds.toFixed(1)}s`,
    )
    .join(' '),
);
const r = await evaluateRanking(
  tiger,
  { history: known, test: split.test },
  { metrics: ['hr@10', 'ndcg@10'] },
);
console.log(
  kind,
  extra,
  JSON.stringify(Object.fromEntries(Object.entries(r.metrics).map(([k, m]) => [k, m!.mean.toFixed(4)]))),
  r.seconds.toFixed(1),
);
