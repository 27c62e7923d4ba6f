// Follows one training step from TensorFlow.js calls to an ONNX Runtime session; docs/one-step-through-the-backend.md
// explains the output.
// Run: PALATE_DEBUG=all npx tsx --conditions=palate-source packages/tfjs-backend-ort/examples/one-step.ts
import * as tf from '@tensorflow/tfjs-core';
import { compile, ortBackend, registerOrtBackend } from '../src/index.js';

registerOrtBackend({ threads: 1 });
await tf.setBackend('ort');

const w = tf.variable(tf.tensor2d([[1], [1]]), true, 'w');
const x = tf.tensor2d([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const y = tf.tensor2d([[5], [11], [17]]);
const rate = tf.scalar(0.005);

/** One step of gradient descent on the squared error of `x w`. */
const step = compile((x: tf.Tensor, y: tf.Tensor, rate: tf.Tensor) => {
  const { value, grads } = tf.variableGrads(() => tf.sum(tf.square(tf.sub(tf.matMul(x, w), y))) as tf.Scalar);
  w.assign(tf.sub(w, tf.mul(rate, grads.w as tf.Tensor)));
  return value;
});

for (let call = 1; call <= 4; call++) {
  console.log(`call ${call}`);
  const loss = step(x, y, rate);
  console.log(
    `loss ${loss.dataSync()[0]?.toFixed(4)}, w ${Array.from(w.dataSync(), (each) => each.toFixed(4))}`,
  );
  loss.dispose();
}
const { recorded, replayed } = step.statistics();
const { sessionsBuilt, runs } = ortBackend().statistics();
console.log(`${recorded} calls recorded, ${replayed} replayed; ${sessionsBuilt} session built, ${runs} runs`);
