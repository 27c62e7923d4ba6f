/**
 * Counts how many users' lists SASRec finds in a second of one core, and what that makes for more of them. The data are made up,
 * and the model is trained for one step only: how good it is changes nothing of what it costs.
 *
 * pnpm run script apps/reference/bench/everybody.ts [--users 20000] [--items 10000] [--k 100] [--system sasrec]
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Catalog, createDataset, IdMap, InteractionLog, RandomStream } from '@palate/core';
import { Engine, ListFile, scoreEverybody } from '@palate/engine';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '20000' },
    items: { type: 'string', default: '10000' },
    k: { type: 'string', default: '100' },
    system: { type: 'string', default: 'sasrec' },
  },
});
const [users, items, k] = [values.users, values.items, values.k].map(Number) as [number, number, number];
/** Interactions of a user, as many as the bundled films have of one. */
const EACH = 16;
const random = new RandomStream(1);
const itemIds = new IdMap(Array.from({ length: items }, (_, item) => `i${item}`));
const log = new InteractionLog({
  users: new IdMap(Array.from({ length: users }, (_, user) => `u${user}`)),
  items: itemIds,
  user: Int32Array.from({ length: users * EACH }, (_, row) => Math.floor(row / EACH)),
  item: Int32Array.from({ length: users * EACH }, () => Math.floor(items * random.uniform() ** 2)),
  timestamp: Float64Array.from({ length: users * EACH }, (_, row) => row % EACH),
});
const dataset = createDataset({
  name: 'made up',
  log,
  catalog: new Catalog({ items: itemIds, text: {} }),
  licence: 'MIT',
  source: 'made up',
});
const folder = await mkdtemp(join(tmpdir(), 'palate-everybody-'));
const settings = values.system === 'sasrec' ? { epochs: 1, batchSize: 1024 } : {};
await using engine = await Engine.open({
  dataset,
  folder: join(folder, 'models'),
  pipeline: { retrievers: [{ method: values.system, settings }] },
});
await engine.recommendBatch([{ user: 'u0', k }]);
for (const name of ['lists.jsonl', 'lists.parquet']) {
  const before = process.cpuUsage();
  const { seconds, scored } = await scoreEverybody(engine, await ListFile.open(join(folder, name)), { k });
  const { user, system } = process.cpuUsage(before);
  const perCore = scored / ((user + system) / 1e6);
  process.stdout.write(
    `${JSON.stringify({
      file: name,
      users: scored,
      items,
      k,
      usersASecond: Math.round(scored / seconds),
      usersASecondACore: Math.round(perCore),
      residentMegabytes: Math.round(process.memoryUsage().rss / 1e6),
      coreHoursForAMillion: Number((1e6 / perCore / 3600).toFixed(2)),
      coreHoursForAHundredMillion: Number((1e8 / perCore / 3600).toFixed(0)),
    })}\n`,
  );
}
