// Time of one SASRec training step, three ways in one run: the lazy backend, its compiled form, and ONNX Runtime alone.
//   pnpm script packages/tfjs-backend-ort/bench/step.ts [--threads 2] [--steps 20]
// The PyTorch peer is sasrec_step.py beside this file.
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { compile, ortBackend, registerOrtBackend } from '../src/index.js';
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

const step = (inputs: tf.Tensor, positives: tf.Tensor, negatives: tf.Tensor, seed: tf.Tensor): tf.Scalar =>
  optimizer.minimize(
    () => lossOf(parameters, size, { inputs, positives, negatives } as Batch, seed),
    true,
  ) as tf.Scalar;
const compiled = compile(step);

function trainOnce(index: number, run: typeof step): number {
  return tf.tidy(() => {
    const { inputs, positives, negatives } = batchAt(index);
    const loss = run(inputs, positives, negatives, tf.tensor1d([1, index], 'int32'));
    return loss.dataSync()[0] as number;
  });
}

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[times.length >> 1] as number;
function measure(run: typeof step): { step: number; session: number } {
  for (let index = 0; index < 4; index++) trainOnce(index, run);
  const whole: number[] = [];
  const session: number[] = [];
  for (let index = 0; index < steps; index++) {
    const before = ortBackend().statistics().runMilliseconds;
    const start = performance.now();
    trainOnce(index, run);
    whole.push(performance.now() - start);
    session.push(ortBackend().statistics().runMilliseconds - before);
  }
  return { step: median(whole), session: median(session) };
}

const lazy = measure(step);
const replayed = measure(compiled);
console.log(
  JSON.stringify({
    threads: Number(values.threads),
    lazyMilliseconds: lazy.step,
    compiledMilliseconds: replayed.step,
    sessionMilliseconds: replayed.session,
    compiledToSession: replayed.step / replayed.session,
    replays: compiled.statistics(),
    sessions: ortBackend().statistics().sessionsBuilt,
  }),
);
