// Latency of TIGER's beam search for one user and in batches (efficient mode), beside the same search over the same
// tree with a model of the same size in plain PyTorch, where python3 has it. In brackets the time of all processors: on a
// busy machine compare that, with one thread.
// Run: npx tsx --conditions=palate-source packages/semantic-id/bench/beam.ts [items] [threads]
import { mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, createDataset, EmbeddingTable, InteractionLog, RandomStream } from '@palate/core';
import { selectBackend } from '@palate/nn';
import { besidePython } from '../../../scripts/bench.js';
import { RqKMeans, SemanticIds, Tiger } from '../src/index.js';

const ITEMS = Number(process.argv[2] ?? 5000);
const THREADS = Number(process.argv[3] ?? availableParallelism());
const USERS = 256;
const BEAMS = 50;
const HISTORY = 20;
const SPREAD = 0.4;
const random = new RandomStream(1);
const log = InteractionLog.fromRows([
  ...Array.from({ length: ITEMS }, (_, item) => ({
    user: `all-${item % 100}`,
    item: `i${item}`,
    timestamp: item,
  })),
  ...Array.from({ length: USERS * (HISTORY + 1) }, (_, k) => ({
    user: `u${k % USERS}`,
    item: `i${random.integer(ITEMS)}`,
    timestamp: 1e6 + k,
  })),
]);
const width = 32;
// Items in small groups, so that about as many share their first codes as on Amazon Beauty.
const centres = Float32Array.from({ length: Math.ceil(ITEMS / 3) * width }, () => random.normal());
const table = new EmbeddingTable(
  log.items,
  width,
  Float32Array.from(
    { length: log.items.size * width },
    (_, at) =>
      centres[(Math.floor(at / width) % Math.ceil(ITEMS / 3)) * width + (at % width)]! +
      SPREAD * random.normal(),
  ),
);
const dataset = createDataset({
  name: 'drawn',
  log,
  catalog: new Catalog({ items: log.items, text: {} }),
  licence: 'MIT',
  source: 'drawn at random',
});
await selectBackend('ort', { threads: THREADS });
const ids = await SemanticIds.assign(await RqKMeans.fit(table), table, { encoder: 'drawn' });
const tiger = await Tiger.fit(dataset, { ids, epochs: 1, beams: BEAMS, maxLength: HISTORY });
const queries = Array.from({ length: USERS }, (_, user) => ({
  history: log.history(log.users.indexOf(`u${user}`)).slice(0, HISTORY),
}));

/** Milliseconds of a call, and those of all processors. */
interface Times {
  readonly wall: number;
  readonly processor: number;
}
const time = async (work: () => Promise<unknown>, times: number): Promise<Times> => {
  await work();
  const [started, before] = [performance.now(), process.cpuUsage()];
  for (let k = 0; k < times; k++) await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - started) / times, processor: (user + system) / 1000 / times };
};
const inWords = ({ wall, processor }: Times): string => `${wall.toFixed(2)} (${processor.toFixed(2)}) ms`;
const ratio = (ours: Times, theirs: Times): string =>
  `${(ours.wall / theirs.wall).toFixed(2)} (${(ours.processor / theirs.processor).toFixed(2)})`;
let next = 0;
const alone = await time(
  () => tiger.retrieve([queries[next++ % USERS] as (typeof queries)[number]], 10),
  100,
);
const whole = await time(() => tiger.retrieve(queries, 10), 3);
const batch: Times = { wall: whole.wall / USERS, processor: whole.processor / USERS };
const { levelFrom, depth } = ids.trie;
console.log(
  `nodes on the levels: ${Array.from({ length: depth }, (_, level) => levelFrom[level + 2]! - levelFrom[level + 1]!).join(', ')}`,
);
console.log(
  `${THREADS} threads, ${ITEMS} items, ${BEAMS} beams, history ${HISTORY}: one user ${inWords(alone)}, in batches ${inWords(batch)} a user`,
);

const folder = mkdtempSync(join(tmpdir(), 'palate-beam-'));
writeFileSync(join(folder, 'tuples.i32'), ids.tuples);
writeFileSync(join(folder, 'histories.i32'), Int32Array.from(queries.flatMap(({ history }) => [...history])));
const theirs = besidePython<{ alone: Times; batch: Times; version: string }>(
  'PyTorch',
  new URL('beam_pytorch.py', import.meta.url),
  ...[folder, String(BEAMS), String(HISTORY), String(THREADS)],
);
if (theirs)
  console.log(
    `PyTorch ${theirs.version}: one user ${inWords(theirs.alone)}, in batches ${inWords(theirs.batch)} a user; ratios ${ratio(alone, theirs.alone)} and ${ratio(batch, theirs.batch)}`,
  );
