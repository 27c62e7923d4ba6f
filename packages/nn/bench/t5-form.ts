// Median time of one form of the T5 step, for t5-step.ts, which runs each form in a process of its own: the gigabytes
// of the first would slow the second.
import { compile } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { AdamW, ForwardPass, selectBackend, sequenceLoss, T5, t5Config } from '../src/index.js';

/** Request of t5-step.ts. */
export interface T5StepRequest {
  readonly form: 'recorded' | 'compiled';
  readonly config: Readonly<Record<string, number>>;
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly threads: number;
  readonly steps: number;
  readonly warmUp: number;
}

const request = JSON.parse(process.argv[2] ?? '{}') as T5StepRequest;
const { threads, steps } = request;

await selectBackend('ort', { threads });
const model = new T5(t5Config(request.config, 'T5-small'));
const { parameters } = model;
const names = new Map(parameters.names.map((name) => [parameters.get(name).name, name]));
const optimiser = new AdamW();
const ones = (shape: [number, number]): tf.Tensor2D => tf.ones(shape);

/** Token ids of a step, the same in the peer. */
function idsAt(step: number, length: number, offset: number): tf.Tensor2D {
  const ids = Int32Array.from(
    { length: request.batch * length },
    (_, index) => 2 + ((index * 7919 + step * 104729 + offset) % (model.config.vocab_size - 2)),
  );
  return tf.tensor2d(ids, [request.batch, length], 'int32');
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
    present: ones([request.batch, request.inputs]),
    decoderIds,
    labels,
    labelWeights: ones([request.batch, request.outputs]),
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

/** Median milliseconds of a step, and of the processors' time for it. */
function measure(run: typeof step): { readonly milliseconds: number; readonly processor: number } {
  const times: number[] = [];
  const used: number[] = [];
  for (let index = 0; index < steps + request.warmUp; index++) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    tf.tidy(() => {
      const scalars = optimiser.scalars(index + 1, 1e-4);
      return run(
        tf.tensor1d([1, index], 'int32'),
        idsAt(index, request.inputs, 0),
        idsAt(index, request.outputs, 11),
        idsAt(index, request.outputs, 12),
        ...scalarNames.map((name) => tf.scalar(scalars[name] as number)),
      ).dataSync();
    });
    if (index < request.warmUp) continue;
    times.push(performance.now() - started);
    const { user, system } = process.cpuUsage(before);
    used.push((user + system) / 1000);
  }
  const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1] as number;
  return { milliseconds: median(times), processor: median(used) };
}

const measured = measure(request.form === 'compiled' ? compile(step) : step);
console.log(JSON.stringify({ ...measured, weights: parameters.count }));
