// Processor seconds of an epoch of LightGCN beside torch-geometric's, and of TransE beside plain PyTorch, where python3 has
// them: the same graph, the same batches, one thread each, in turns.
// Run: npx tsx --conditions=palate-source packages/graph-augment/bench/epochs.ts [sequences] [rounds]
// The file of sequences has a line a user, "user item item …", as S3-Rec's Beauty.txt; the last two items of each are left
// out, as in training. Without it a log of Beauty's size is drawn.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Catalog, createDataset, InteractionLog, type Progress, RandomStream } from '@palate/core';
import { selectBackend } from '@palate/nn';
import { GraphRecommender, LightGcn, relationGraph } from '../src/index.js';
import { tripleBatches } from '../src/models/triple-batches.js';

const [USERS, ITEMS, EDGES] = [22_363, 12_101, 153_776];
const ROUNDS = Number(process.argv[3] ?? 3);
const random = new RandomStream(1);
const path = process.argv[2];
const rows = path
  ? readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .flatMap((line) => {
        const [user = '', ...items] = line.split(' ');
        return items.slice(0, -2).map((item, timestamp) => ({ user, item, timestamp }));
      })
  : Array.from({ length: EDGES }, (_, k) => ({
      user: `u${k < USERS ? k : random.integer(USERS)}`,
      // Popular items more often: the square of a uniform number.
      item: `i${k < ITEMS ? k : Math.floor(random.uniform() ** 2 * ITEMS)}`,
      timestamp: k,
    }));
const log = InteractionLog.fromRows(rows);
const dataset = createDataset({
  name: 'bench',
  log,
  catalog: new Catalog({ items: log.items, text: {} }),
  licence: 'MIT',
  source: 'bench',
});
await selectBackend('ort', { threads: 1 });

const GCN = { dimension: 64, layers: 3, batchSize: 2048, learningRate: 1e-3 } as const;
const TRANS_E = { model: 'trans-e', dimension: 32, batchSize: 1024, learningRate: 1e-3 } as const;

/** Writes the batches of an epoch, drawn as training draws them: heads, relations, true tails, false tails. */
function writeBatches(folder: string, name: string, inverses: boolean, batchSize: number): void {
  const graph = relationGraph(log, { inverses });
  const batches = tripleBatches(graph, { batchSize, negatives: 1, range: 'same-kind' }, random.fork(name));
  const lines = batches.flatMap((make) => {
    const { heads, relations, tails } = make() as Record<string, { values: Int32Array }>;
    return Array.from(heads?.values ?? [], (head, k) => [
      head,
      relations?.values[k] as number,
      tails?.values[2 * k] as number,
      tails?.values[2 * k + 1] as number,
    ]);
  });
  writeFileSync(join(folder, `${name}.i32`), Int32Array.from(lines.flat()));
}

const folder = mkdtempSync(join(tmpdir(), 'palate-epochs-'));
writeBatches(folder, 'light-gcn', false, GCN.batchSize);
writeBatches(folder, 'trans-e', true, TRANS_E.batchSize);

/** The peer: told a model, it trains an epoch and answers with its processor seconds. */
function startPeer(): { ask: (model: string) => Promise<number | undefined>; close: () => void } {
  const child = spawn(
    process.env.PYTHON ?? '/usr/bin/python3',
    [
      fileURLToPath(new URL('epochs_pytorch.py', import.meta.url)),
      folder,
      String(log.items.size),
      String(log.items.size + log.users.size),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (model) => {
      child.stdin.write(`${model}\n`);
      const { value, done } = await lines.next();
      return done || value === 'none' ? undefined : Number(value);
    },
    close: () => child.stdin.end(),
  };
}

/** Processor seconds of the epoch after the first, in which graphs are built. */
async function ours(model: 'light-gcn' | 'trans-e'): Promise<number> {
  const seconds = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  let [from, to, steps] = [0, 0, 0];
  const options = {
    epochs: 2,
    seed: 1,
    onProgress: ({ phase, done, total }: Progress) => {
      if (!phase.startsWith('epoch 2')) return;
      if (done === 1) from = seconds();
      to = seconds();
      steps = total ?? done;
    },
  };
  const graph =
    model === 'light-gcn'
      ? await LightGcn.fit(dataset, { ...GCN, ...options })
      : await GraphRecommender.fit(dataset, { ...TRANS_E, ...options });
  (graph as Partial<Disposable>)[Symbol.dispose]?.();
  // The first step of the epoch is over when it reports.
  return ((to - from) * steps) / (steps - 1);
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const peer = startPeer();
console.log(`${log.users.size} users, ${log.items.size} items, ${log.length} interactions, one thread`);
for (const [model, peers] of [
  ['trans-e', ['trans-e torch', 'trans-e torch sparse gradients']],
  ['light-gcn', ['light-gcn torch-geometric', 'light-gcn torch sparse']],
] as const) {
  const own: number[] = [];
  const others = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    own.push(await ours(model));
    for (const each of peers) {
      const seconds = await peer.ask(each);
      if (seconds !== undefined) others.set(each, [...(others.get(each) ?? []), seconds]);
    }
  }
  console.log(`${model}: ${median(own).toFixed(2)} s an epoch`);
  for (const each of peers) {
    const theirs = others.get(each);
    console.log(
      theirs
        ? `  ${each}: ${median(theirs).toFixed(2)} s, ratio ${(median(own) / median(theirs)).toFixed(2)}`
        : `  ${each}: not here`,
    );
  }
}
peer.close();
