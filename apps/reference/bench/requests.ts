/**
 * Counts what one answer costs: processor milliseconds a request, by the size of the batch in which requests are answered,
 * in this one process and without HTTP. Processor time is that of this process alone, so that other work on the machine
 * does not change it much.
 *
 * pnpm run script apps/reference/bench/requests.ts [--artifacts FOLDER] [--effort full] [--ranker palr-local] [--requests 400] [--batches 1,2,4,8]
 */
import { parseArgs } from 'node:util';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { ENGINE_ARGUMENTS, openBundled } from './open-bundled.js';

const { values } = parseArgs({
  options: {
    ...ENGINE_ARGUMENTS,
    requests: { type: 'string', default: '400' },
    batches: { type: 'string', default: '1,2,4,8' },
  },
});
const { log } = await loadBundledMovieTweetings();
const users = [...log.users];
await using engine = await openBundled(values);
await engine.prepare();
let next = 0;
const requests = (count: number) =>
  Array.from({ length: count }, () => ({ user: users[next++ % users.length], k: 10, explain: true }));
for (const batch of values.batches.split(',').map(Number)) {
  // Graphs of every length of history are built before anything is counted.
  for (let k = 0; k < 200; k += batch) await engine.recommendBatch(requests(batch));
  const before = process.cpuUsage();
  const started = performance.now();
  const stages = new Map<string, number>();
  const count = Math.ceil(Number(values.requests) / batch) * batch;
  let bytes = 0;
  for (let k = 0; k < count; k += batch) {
    const answers = await engine.recommendBatch(requests(batch));
    for (const { name, milliseconds } of answers[0]?.stages ?? [])
      stages.set(name, (stages.get(name) ?? 0) + milliseconds);
    const json = performance.now();
    for (const answer of answers) bytes += JSON.stringify(answer).length;
    stages.set('json', (stages.get('json') ?? 0) + performance.now() - json);
  }
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(
    `${JSON.stringify({
      batch,
      cpuMilliseconds: Number(((user + system) / 1000 / count).toFixed(2)),
      wallMilliseconds: Number(((performance.now() - started) / count).toFixed(2)),
      stages: Object.fromEntries([...stages].map(([name, all]) => [name, Number((all / count).toFixed(2))])),
      bytes: Math.round(bytes / count),
    })}\n`,
  );
}
