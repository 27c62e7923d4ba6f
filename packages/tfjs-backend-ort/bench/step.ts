// Time of one SASRec training step, three ways in one run: the lazy backend, its compiled form, and ONNX Runtime alone.
//   pnpm script packages/tfjs-backend-ort/bench/step.ts [--threads 2] [--steps 20]
// The PyTorch peer is sasrec_step.py beside this file.
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { ortBackend, registerOrtBackend } from '../src/index.js';
import { type Batch, lossOf, makeParameters, PROTOTYPE } from './sasrec.js';

const { values } = parseArgs({
  options: { threads: { type: 'string', default: '2' }, steps: { type: 'string', default: '20' } },
});
registerOrtBackend({ threads: Number(values.threads) });
await tf.setBackend('ort');
const size = PROTOTYPE;
const steps = Number(values.steps);
const optimizer = tf.train.adam(1e-3);
const parameters = makeParameters(size);

function batchAt(step: number): Batch {
  const ids = (offset: number): tf.Tensor2D =>
    tf.tensor2d(
      Int32Array.from(
        { length: size.batch * size.length },
        (_, index) => 1 + ((index * 7919 + step * 104729 + offset) % size.items),
      ),
      [size.batch, size.length],
      'int32',
    );
  return { inputs: ids(0), positives: ids(1), negatives: ids(5003) };
}

function trainOnce(step: number): number {
  return tf.tidy(() => {
    const batch = batchAt(step);
    const seed = tf.tensor1d([1, step], 'int32');
    const loss = optimizer.minimize(() => lossOf(parameters, size, batch, seed), true) as tf.Scalar;
    return loss.dataSync()[0] as number;
  });
}

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[times.length >> 1] as number;
for (let step = 0; step < 4; step++) trainOnce(step);
const lazy: number[] = [];
const session: number[] = [];
for (let step = 0; step < steps; step++) {
  const before = ortBackend().statistics().runMilliseconds;
  const start = performance.now();
  trainOnce(step);
  lazy.push(performance.now() - start);
  session.push(ortBackend().statistics().runMilliseconds - before);
}
console.log(
  JSON.stringify({
    lazyMilliseconds: median(lazy),
    sessionMilliseconds: median(session),
    ...ortBackend().statistics(),
    memory: tf.memory(),
  }),
);
