// Prints every kernel that TensorFlow.js names, as JSON: whether this backend records it into graphs (`graph`), runs it in
// JavaScript, or refuses it (`none`), and whether it has a gradient. Reads the sources:
//
//   node --import tsx --conditions=palate-source scripts/list-kernels.mjs
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { hostKernels } from '../src/index.ts';
import { kernels } from '../src/kernels/index.ts';

const inJavaScript = new Set(hostKernels());
const inGraphs = new Set(kernels.map(({ kernelName }) => kernelName));
const onCpu = new Set(tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName));
const names = new Set([
  ...inGraphs,
  ...inJavaScript,
  ...tf.getKernelsForBackend('ort').map(({ kernelName }) => kernelName),
]);
process.stdout.write(
  JSON.stringify({
    // `__op` is the suffix of operations, which tfjs-core exports beside the names of kernels.
    kernels: [...names]
      .filter((name) => name !== '__op')
      .sort()
      .map((name) => ({
        name,
        way: inGraphs.has(name) ? 'graph' : inJavaScript.has(name) ? 'JavaScript' : 'none',
        gradient: tf.getGradient(name) !== undefined,
        cpu: onCpu.has(name),
      })),
  }),
);
