// Time of one SASRec training step, three ways in one run: the lazy backend, its compiled form, and ONNX Runtime alone;
// then, in the same run, the same step by PyTorch eager (sasrec_step.py, where python3 or PYTHON has torch) and by
// tfjs-node (tfjs-node-step.ts, where TFJS_NODE names a folder in whose node_modules it loads).
//   pnpm script packages/tfjs-backend-ort/bench/step.ts [--threads 2] [--steps 20]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { compile, ortBackend, registerOrtBackend } from '../src/index.js';
import { type Batch, batchAt, lossOf, makeParameters, median, PROTOTYPE } from './sasrec.js';

const { values } = parseArgs({
  options: { threads: { type: 'string', default: '2' }, steps: { type: 'string', default: '20' } },
});
registerOrtBackend({ threads: Number(values.threads) });
await tf.setBackend('ort');
const size = PROTOTYPE;
const steps = Number(values.steps);
const optimizer = tf.train.adam(1e-3);
const parameters = makeParameters(size);

const step = (inputs: tf.Tensor, positives: tf.Tensor, negatives: tf.Tensor, seed: tf.Tensor): tf.Scalar =>
  optimizer.minimize(
    () => lossOf(parameters, size, { inputs, positives, negatives } as Batch, seed),
    true,
  ) as tf.Scalar;
const compiled = compile(step);

function trainOnce(index: number, run: typeof step): number {
  return tf.tidy(() => {
    const { inputs, positives, negatives } = batchAt(size, index);
    const loss = run(inputs, positives, negatives, tf.tensor1d([1, index], 'int32'));
    return loss.dataSync()[0] as number;
  });
}

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

/** Runs a peer and prints its times and our ratios to them. */
function compare(name: string, command: string, args: readonly string[]): void {
  const peer = spawnSync(command, args, { encoding: 'utf8' });
  const line = peer.stdout?.trim().split('\n').at(-1) ?? '';
  if (peer.status !== 0) {
    console.log(`${name}: not here (${peer.error?.message ?? peer.stderr.trim().split('\n').at(-1)})`);
    return;
  }
  const found = JSON.parse(line) as Record<string, number>;
  for (const [what, milliseconds] of Object.entries(found).filter(([key]) => key.endsWith('Milliseconds')))
    console.log(
      `${name}, ${what}: ${milliseconds.toFixed(0)}; ours to it ${(lazy.step / milliseconds).toFixed(2)} recorded, ${(replayed.step / milliseconds).toFixed(2)} compiled`,
    );
}
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
compare('PyTorch', process.env.PYTHON ?? 'python3', [here('sasrec_step.py'), values.threads, values.steps]);
if (process.env.TFJS_NODE === undefined) console.log('tfjs-node: not asked for (TFJS_NODE names its folder)');
else compare('tfjs-node', process.execPath, [...process.execArgv, here('tfjs-node-step.ts'), values.steps]);
