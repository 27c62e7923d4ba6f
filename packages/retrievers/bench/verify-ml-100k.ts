// Holds the classic retrievers against an independent numpy computation of the same definitions on MovieLens 100K:
//   pnpm script packages/retrievers/bench/verify-ml-100k.ts FOLDER
// Closed forms have to agree in every score; iALS, which starts at random, within the spread of its seeds.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CatalogueScorer, withLog } from '@palate/core';
import { leaveOneOut, loadMovieLens100k } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { Ease, ImplicitAls, ItemKnn, PopularityRetriever } from '../src/index.js';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('usage: verify-ml-100k.ts FOLDER');
const work = mkdtempSync(join(tmpdir(), 'palate-verify-'));
try {
  const script = fileURLToPath(new URL('verify_ml_100k.py', import.meta.url));
  const peer = JSON.parse(
    execFileSync('python3', [script, join(folder, 'u.data'), work], { encoding: 'utf8' }),
  ) as Record<string, Record<string, number>>;
  const dataset = await loadMovieLens100k(folder);
  const { log } = dataset;
  const split = leaveOneOut(log);
  const { offsets, row } = log.byUser();
  const last = new Set(
    Array.from({ length: log.users.size }, (_, user) => row[(offsets[user + 1] ?? 0) - 1]),
  );
  const known = log.select(Int32Array.from({ length: log.length }, (_, r) => r).filter((r) => !last.has(r)));
  const queries = Array.from({ length: log.users.size }, (_, user) => ({ history: known.history(user) }));
  const train = withLog(dataset, split.train);
  const measure = async (retriever: CatalogueScorer) =>
    (
      await evaluateRanking(
        retriever,
        { history: known, test: split.test },
        { metrics: ['hr@10', 'ndcg@10'], resamples: 0 },
      )
    ).metrics;

  const closed: [string, CatalogueScorer][] = [
    ['popularity', await PopularityRetriever.fit(train)],
    ['ease', await Ease.fit(train, { lambda: 500 })],
    ['item-knn', await ItemKnn.fit(train, { neighbours: 200 })],
  ];
  let failed = 0;
  for (const [name, retriever] of closed) {
    const bytes = readFileSync(join(work, `${name}.bin`));
    const theirs = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
    const ours = await retriever.scoreAll(queries);
    const n = log.items.size;
    const warm = split.train.itemCounts();
    let worst = 0;
    // An item without a training interaction has no neighbours and no weight: both sides score it 0.
    for (let k = 0; k < ours.length; k++)
      if ((warm[k % n] ?? 0) > 0)
        worst = Math.max(
          worst,
          Math.abs((ours[k] ?? 0) - (theirs[k] ?? 0)) / Math.max(1, Math.abs(theirs[k] ?? 0)),
        );
    const metrics = await measure(retriever);
    const drift = Math.max(
      ...['hr@10', 'ndcg@10'].map((metric) =>
        Math.abs((metrics[metric]?.mean ?? 0) - (peer[name]?.[metric] ?? 0)),
      ),
    );
    const holds = worst < 1e-6 && drift < 1e-6;
    if (!holds) failed++;
    process.stdout.write(
      `${holds ? 'agrees' : 'DIFFERS'} ${name}: largest relative score difference ${worst.toExponential(1)}, metric difference ${drift.toExponential(1)} (ndcg@10 ${metrics['ndcg@10']?.mean.toFixed(4)})\n`,
    );
  }
  const theirs = [0, 1, 2].map((seed) => peer[`implicit-als seed ${seed}`]?.['ndcg@10'] ?? 0);
  const ours: number[] = [];
  for (const seed of [0, 1, 2])
    ours.push((await measure(await ImplicitAls.fit(train, { seed })))['ndcg@10']?.mean ?? 0);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.max(...theirs, ...ours) - Math.min(...theirs, ...ours);
  const gap = Math.abs(mean(ours) - mean(theirs));
  if (gap > 0.01) failed++;
  process.stdout.write(
    `${gap > 0.01 ? 'DIFFERS' : 'agrees'} implicit-als: ndcg@10 ours ${ours.map((v) => v.toFixed(4)).join(' ')}, numpy ${theirs.map((v) => v.toFixed(4)).join(' ')}; gap of means ${gap.toFixed(4)}, spread of all seeds ${spread.toFixed(4)}\n`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
