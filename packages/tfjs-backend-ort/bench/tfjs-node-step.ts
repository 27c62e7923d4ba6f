// The step of step.ts by tfjs-node, eagerly, as its users run it: with `tf.dropout`, whose numbers are drawn in JavaScript,
// and without dropout. TFJS_NODE names a folder in whose node_modules the package loads. Prints JSON.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { registerGradients } from '../src/index.js';
import { type Batch, batchAt, type Drop, lossOf, makeParameters, median, PROTOTYPE } from './sasrec.js';

createRequire(join(process.env.TFJS_NODE ?? '.', 'index.js'))('@tensorflow/tfjs-node');
registerGradients();
await tf.setBackend('tensorflow');
const steps = Number(process.argv[2] ?? 20);

function measure(drop: Drop): number {
  const optimizer = tf.train.adam(1e-3);
  const parameters = makeParameters(PROTOTYPE);
  const times: number[] = [];
  for (let index = 0; index < steps + 4; index++) {
    const start = performance.now();
    tf.tidy(() => {
      const batch: Batch = batchAt(PROTOTYPE, index);
      const seed = tf.tensor1d([1, index], 'int32');
      const loss = optimizer.minimize(() => lossOf(parameters, PROTOTYPE, batch, seed, drop), true);
      return (loss as tf.Scalar).dataSync()[0];
    });
    if (index >= 4) times.push(performance.now() - start);
  }
  return median(times);
}

console.log(
  JSON.stringify({
    withDropoutMilliseconds: measure((x, rate) => tf.dropout(x, rate)),
    withoutDropoutMilliseconds: measure((x) => x),
  }),
);
