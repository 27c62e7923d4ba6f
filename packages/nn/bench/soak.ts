// Trains and loads for long and tells whether memory stays flat:
//   pnpm run script packages/nn/bench/soak.ts
// STEPS (20,000) training steps over new batches of 17 shapes, then LOADS (1,000) models of 4 MB that nobody disposes.
// The verdict: after the first tenth of each part, resident memory may not grow by more than BOUND_MB (150).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream, readArtifact, writeArtifact } from '@palate/core';
import { AdamW, constantSchedule, Dense, Parameters, selectBackend, train } from '@palate/nn';
import { ortBackend } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';

const numberFrom = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const STEPS = numberFrom('STEPS', 20_000);
const LOADS = numberFrom('LOADS', 1_000);
const BOUND = numberFrom('BOUND_MB', 150);
const WIDTH = 1000;

/** Prints resident memory twenty times in a part, and tells how far it grew after the first tenth. */
function watcher(what: string, total: number): { at: (done: number) => void; growth: () => number } {
  let start: number | undefined;
  let most = 0;
  const at = (done: number): void => {
    if (done % Math.max(1, Math.floor(total / 20)) !== 0 && done !== total) return;
    const megabytes = process.memoryUsage.rss() / 1e6;
    if (done >= total / 10) {
      start ??= megabytes;
      most = Math.max(most, megabytes - start);
    }
    const pooled = ortBackend().statistics().pooledBytes / 1e6;
    console.log(
      `${what} ${done}: ${megabytes.toFixed(0)} MB resident, ${pooled.toFixed(1)} MB pooled, ${tf.memory().numTensors} tensors`,
    );
  };
  return { at, growth: () => most };
}

function network(seed: number): { parameters: Parameters; layers: readonly [Dense, Dense] } {
  const parameters = new Parameters();
  const random = new RandomStream(seed);
  return {
    parameters,
    layers: [
      new Dense(parameters, 'inner', WIDTH, 1000, random),
      new Dense(parameters, 'outer', 1000, 1, random),
    ],
  };
}

await selectBackend('ort', { threads: 1 });

const training = watcher('step', STEPS);
let done = 0;
{
  const parameters = new Parameters();
  const layer = new Dense(parameters, 'layer', WIDTH, 8, new RandomStream(0));
  await train({
    parameters,
    optimiser: new AdamW(),
    schedule: constantSchedule(1e-3),
    epochs: 1,
    batches: () =>
      Array.from({ length: STEPS }, (_, index) => () => {
        // 0.1 to 1 MB of numbers that no other batch has.
        const rows = 25 + 14 * (index % 17);
        return { x: { shape: [rows, WIDTH], values: new Float32Array(rows * WIDTH).fill((index % 7) / 7) } };
      }),
    loss: ({ x }) => tf.mean(tf.square(layer.apply(x as tf.Tensor))) as tf.Scalar,
    onProgress: () => training.at(++done),
  });
}

const folder = await mkdtemp(join(tmpdir(), 'palate-soak-'));
const dir = join(folder, 'model');
{
  using fresh = network(1).parameters;
  await writeArtifact(dir, { kind: 'soak', version: 1, config: {}, tensors: await fresh.values() });
}
const loading = watcher('load', LOADS);
for (let load = 1; load <= LOADS; load++) {
  const { parameters, layers } = network(2);
  parameters.assign((await readArtifact(dir, 'soak', 1)).tensors, dir);
  tf.tidy(() => layers[1].apply(layers[0].apply(tf.ones([1, WIDTH]))).dataSync());
  loading.at(load);
}
await rm(folder, { recursive: true, force: true });

const grown = [
  ['training', training.growth()],
  ['loading', loading.growth()],
] as const;
for (const [what, megabytes] of grown)
  console.log(
    `${what}: grew by ${megabytes.toFixed(0)} MB of the ${BOUND} allowed: ${megabytes <= BOUND ? 'flat' : 'NOT FLAT'}`,
  );
if (grown.some(([, megabytes]) => megabytes > BOUND)) process.exitCode = 1;
