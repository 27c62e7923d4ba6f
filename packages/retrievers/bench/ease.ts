// EASE's inverse against numpy's on the same Gram matrix, in one run:
//   pnpm script packages/retrievers/bench/ease.ts FOLDER_OF_ML_1M [lambda]
// Without a folder it uses the bundled MovieTweetings. PYTHON names another python3. Processor time is given beside the seconds: on
// a machine that does other work as well it is the one to compare.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { loadMovieLens1m, minimumItemCount } from '@palate/datasets';
import { gramMatrix } from '../src/classic/ease.js';
import { Ease } from '../src/index.js';
import { invertSpd } from '../src/linear-algebra/invert-spd.js';

const ROUNDS = 5;
const [folder, lambda = '500'] = process.argv.slice(2);
const loaded = folder ? await loadMovieLens1m(folder) : await loadBundledMovieTweetings();
const dataset = folder ? withLog(loaded, minimumItemCount(loaded.log, 5)) : loaded;
const size = dataset.log.items.size;
const build = () => {
  const matrix = gramMatrix(dataset.log);
  for (let item = 0; item < size; item++) matrix.add(item, item, Number(lambda));
  return matrix;
};
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const work = mkdtempSync(join(tmpdir(), 'palate-ease-'));
try {
  const whole = new Float64Array(size * size);
  const first = build();
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) whole[i * size + j] = first.at(i, j);
  writeFileSync(join(work, 'gram.bin'), whole);
  const peer = JSON.parse(
    execFileSync(
      process.env.PYTHON ?? 'python3',
      [
        fileURLToPath(new URL('numpy_inverse.py', import.meta.url)),
        join(work, 'gram.bin'),
        String(size),
        String(ROUNDS),
      ],
      {
        encoding: 'utf8',
      },
    ),
  ) as { seconds: number[]; processor: number[]; numpy: string; corner: number[]; trace: number };
  const own: number[] = [];
  const used: number[] = [];
  const processor = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1e6;
  let trace = 0;
  let matrix = first;
  for (let round = 0; round < ROUNDS; round++) {
    matrix = build();
    const before = process.cpuUsage();
    const started = performance.now();
    await invertSpd(matrix);
    own.push((performance.now() - started) / 1000);
    used.push(processor(process.cpuUsage(before)));
  }
  for (let i = 0; i < size; i++) trace += matrix.at(i, i);
  const before = process.cpuUsage();
  const started = performance.now();
  await Ease.fit(dataset, { lambda: Number(lambda) });
  const fit = (performance.now() - started) / 1000;
  const fitUsed = processor(process.cpuUsage(before));
  const numpyUsed = median(peer.processor);
  const corner = Math.max(
    ...peer.corner.map((value, k) => Math.abs(value - matrix.at(Math.floor(k / 3), k % 3))),
  );
  process.stdout.write(
    [
      `${dataset.name}: ${size} x ${size}, lambda ${lambda}`,
      `numpy ${peer.numpy} linalg.inv: median ${median(peer.seconds).toFixed(3)} s of ${ROUNDS}, processor ${numpyUsed.toFixed(3)} s`,
      `invertSpd: median ${median(own).toFixed(3)} s of ${ROUNDS}, processor ${median(used).toFixed(3)} s; ratio to numpy ${(median(own) / median(peer.seconds)).toFixed(2)}, processor ${(median(used) / numpyUsed).toFixed(2)}`,
      `Ease.fit in all (Gram matrix, inverse, weights): ${fit.toFixed(3)} s, processor ${fitUsed.toFixed(3)} s; ratio to numpy's inverse ${(fit / median(peer.seconds)).toFixed(2)}, processor ${(fitUsed / numpyUsed).toFixed(2)}`,
      `largest difference: corner ${corner.toExponential(1)}, trace ${Math.abs(trace - peer.trace).toExponential(1)}`,
      '',
    ].join('\n'),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
