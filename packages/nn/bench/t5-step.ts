// Time of one training step of a model of T5-small's size (60 million weights): the compiled step of `train`'s kind, and
// the same model and step by HuggingFace's T5 in PyTorch eager, where python3 (or PYTHON) has torch and transformers.
//   pnpm script packages/nn/bench/t5-step.ts [--threads 2] [--steps 8]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compile } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { AdamW, ForwardPass, selectBackend, sequenceLoss, T5, t5Config } from '../src/index.js';

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '2' },
    steps: { type: 'string', default: '8' },
    form: { type: 'string' },
  },
});
const threads = Number(values.threads);
const steps = Number(values.steps);
const SMALL = { vocab_size: 32128, d_model: 512, d_kv: 64, d_ff: 2048, num_layers: 6, num_heads: 8 };
const BATCH = 8;
const INPUTS = 128;
const OUTPUTS = 32;
/** Steps before the clock starts. */
const WARM_UP = 2;

await selectBackend('ort', { threads });
const model = new T5(t5Config(SMALL, 'T5-small'));
const { parameters } = model;
const names = new Map(parameters.names.map((name) => [parameters.get(name).name, name]));
const optimiser = new AdamW();
const ones = (shape: [number, number]): tf.Tensor2D => tf.ones(shape);

/** Token ids of a step, the same in the peer. */
function idsAt(step: number, length: number, offset: number): tf.Tensor2D {
  const ids = Int32Array.from(
    { length: BATCH * length },
    (_, index) => 2 + ((index * 7919 + step * 104729 + offset) % (SMALL.vocab_size - 2)),
  );
  return tf.tensor2d(ids, [BATCH, length], 'int32');
}

const scalarNames = Object.keys(optimiser.scalars(1, 1e-4)).sort();
const step = (
  seed: tf.Tensor,
  inputIds: tf.Tensor,
  decoderIds: tf.Tensor,
  labels: tf.Tensor,
  ...scalars: tf.Tensor[]
): tf.Scalar => {
  const batch = {
    inputIds,
    present: ones([BATCH, INPUTS]),
    decoderIds,
    labels,
    labelWeights: ones([BATCH, OUTPUTS]),
  };
  const { value, grads } = tf.variableGrads(
    () => sequenceLoss(model, batch, ForwardPass.training(seed as tf.Tensor1D)),
    parameters.names.map((name) => parameters.get(name)),
  );
  optimiser.apply(
    parameters,
    Object.fromEntries(
      Object.entries(grads).map(([name, gradient]) => [names.get(name) as string, gradient]),
    ),
    Object.fromEntries(scalarNames.map((name, k) => [name, scalars[k] as tf.Scalar])),
  );
  return value;
};

/** Median milliseconds of a step. */
function measure(run: typeof step): number {
  const times: number[] = [];
  for (let index = 0; index < steps + WARM_UP; index++) {
    const started = performance.now();
    tf.tidy(() => {
      const scalars = optimiser.scalars(index + 1, 1e-4);
      return run(
        tf.tensor1d([1, index], 'int32'),
        idsAt(index, INPUTS, 0),
        idsAt(index, OUTPUTS, 11),
        idsAt(index, OUTPUTS, 12),
        ...scalarNames.map((name) => tf.scalar(scalars[name] as number)),
      ).dataSync();
    });
    if (index >= WARM_UP) times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[times.length >> 1] as number;
}

if (values.form !== undefined) {
  console.log(measure(values.form === 'compiled' ? compile(step) : step));
  process.exit();
}

/** A form of the step, alone in a process of its own: the gigabytes of the first would slow the second. */
function alone(form: 'recorded' | 'compiled'): number {
  const child = spawnSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2), '--form', form],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (child.status !== 0) throw new Error(`the ${form} step failed`);
  return Number(child.stdout);
}

const lazy = alone('recorded');
const compiled = alone('compiled');
console.log(
  `${parameters.count} weights, batch ${BATCH}, ${INPUTS} tokens in, ${OUTPUTS} out, AdamW, ${threads} threads: recorded ${lazy.toFixed(0)} ms, compiled ${compiled.toFixed(0)} ms`,
);
const peer = spawnSync(
  process.env.PYTHON ?? 'python3',
  [
    fileURLToPath(new URL('t5_step.py', import.meta.url)),
    JSON.stringify({
      ...SMALL,
      batch: BATCH,
      inputs: INPUTS,
      outputs: OUTPUTS,
      threads,
      steps,
      warmUp: WARM_UP,
    }),
  ],
  { encoding: 'utf8' },
);
if (peer.status !== 0) console.log(`PyTorch: not here (${peer.stderr.trim().split('\n').at(-1)})`);
else {
  const theirs = JSON.parse(peer.stdout) as { milliseconds: number; torch: string; transformers: string };
  const ratio = (ours: number): string => (ours / theirs.milliseconds).toFixed(2);
  console.log(
    `PyTorch ${theirs.torch} with transformers ${theirs.transformers}: ${theirs.milliseconds.toFixed(0)} ms; ratios ${ratio(lazy)} recorded, ${ratio(compiled)} compiled`,
  );
}
