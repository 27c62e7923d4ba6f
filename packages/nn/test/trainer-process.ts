// Trains a small model and prints its weights; killed and started again by trainer.test.ts.
import { RandomStream } from '@palate/core';
import {
  AdamW,
  type Batch,
  cosineSchedule,
  Dense,
  Parameters,
  selectBackend,
  softmaxCrossEntropy,
  train,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

const [dir, pause = '0', threads = '2'] = process.argv.slice(2);
await selectBackend('ort', { threads: Number(threads) });
const parameters = new Parameters();
const start = new RandomStream(4);
const hidden = new Dense(parameters, 'hidden', 6, 16, start);
const out = new Dense(parameters, 'out', 16, 3, start);
const result = await train({
  parameters,
  optimiser: new AdamW(),
  schedule: cosineSchedule(0.02, 60, { warmUp: 5 }),
  epochs: 6,
  seed: 9,
  identity: 'test',
  clipNorm: 1,
  batches: (_, random) =>
    Array.from({ length: 10 }, (_, index) => () => {
      const stream = random.fork(`batch ${index}`);
      if (Number(pause) > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(pause));
      const values = Float32Array.from({ length: 48 }, () => stream.normal());
      const labels = Int32Array.from({ length: 8 }, (_, row) =>
        (values[row * 6] ?? 0) > 0 ? 1 : (values[row * 6 + 1] ?? 0) > 0 ? 2 : 0,
      );
      return { x: { shape: [8, 6], values }, labels: { shape: [8], values: labels } } satisfies Batch;
    }),
  loss: (batch, pass) => {
    const inner = pass.dropout(tf.relu(hidden.apply(batch.x as tf.Tensor)), 0.2);
    return softmaxCrossEntropy(out.apply(inner) as tf.Tensor2D, batch.labels as tf.Tensor1D, tf.ones([8]));
  },
  ...(dir ? { checkpoint: { dir, everySteps: 3 } } : {}),
  onProgress: ({ phase, done }) => process.stderr.write(`${phase} ${done}\n`),
});
const weights = await parameters.values();
process.stdout.write(
  JSON.stringify({
    steps: result.steps,
    losses: result.history.map(({ loss }) => loss),
    weights: Object.fromEntries(
      Object.entries(weights).map(([name, { values }]) => [name, Array.from(values as Float32Array)]),
    ),
  }),
);
