/*
 * Terms: a *recording* is a traced call of a step; to *replay* it is to run its session (the graph made ready to run)
 * on other arguments and variables; an *origin* says where an input comes from.
 */

import * as tf from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import { type GraphDtype, type LeafData, sameShape, type Value } from '../graph/graph.js';
import type { Recording, StepResult } from './recording.js';

/** Tells whether everything that a recording needs is still there. */
export function isReplayable(backend: OrtBackend, { session, origins, variables }: Recording): boolean {
  if (session.isDisposed) return false;
  for (const origin of origins)
    if (origin.from === 'variable' && origin.variable.isDisposed) return false;
    else if (origin.from === 'captured' && (origin.value.source as LeafData).released) return false;
  return variables.every(({ variable }) => !variable.isDisposed && backend.refCount(variable.dataId) > 0);
}

/**
 * Runs a recorded step: its session on the arguments, the variables and what was captured.
 *
 * @param accept - see `compile`
 */
export function replay<R extends StepResult>(
  backend: OrtBackend,
  recording: Recording,
  args: readonly tf.Tensor[],
  accept: ((result: R) => boolean) | undefined,
): R {
  const { session, plan, origins, variables, results, form } = recording;
  const view = (tensor: tf.Tensor, shape: readonly number[]): Value =>
    backend.computedValue({ dataId: tensor.dataId, shape: shape as number[], dtype: tensor.dtype });
  const inputs = origins.map((origin) =>
    origin.from === 'argument'
      ? view(args[origin.index] as tf.Tensor, origin.shape)
      : origin.from === 'variable'
        ? view(origin.variable, origin.shape)
        : origin.value,
  );
  const values = backend.runPlan(plan, session, inputs);
  const taken = new Set(variables.map(({ output }) => output));
  const made = results.map(({ key, output, shape }) => {
    const numbers = values[output] as Float32Array;
    const { type } = plan.outputs[output] as Value;
    // Numbers that a variable or an earlier result takes are not shared with this one.
    const own = taken.has(output) ? numbers.slice() : numbers;
    taken.add(output);
    return [key, tensorOf(backend, own, shape, type as GraphDtype)] as const;
  });
  const tensors = made.map(([, tensor]) => tensor);
  const result = (
    form === 'tensor' ? tensors[0] : form === 'array' ? tensors : Object.fromEntries(made)
  ) as R;
  try {
    if (accept && !accept(result)) return result;
  } catch (error) {
    tf.dispose(tensors);
    throw error;
  }
  for (const { variable, output } of variables) {
    const numbers = values[output] as Float32Array;
    if (
      backend.refCount(variable.dataId) === 1 &&
      sameShape(backend.peek(variable.dataId)?.shape ?? [], variable.shape)
    ) {
      backend.replaceValues(variable.dataId, numbers);
      continue;
    }
    // Another tensor looks at the old numbers: the variable moves to new data, as `assign` does.
    const next = tensorOf(backend, numbers, variable.shape, variable.dtype);
    variable.assign(next as tf.Tensor<never>);
    next.dispose();
  }
  return result;
}

function tensorOf(
  backend: OrtBackend,
  values: Float32Array,
  shape: readonly number[],
  dtype: string,
): tf.Tensor {
  const info = backend.adoptValues(values, shape, dtype as GraphDtype, false);
  return tf.engine().makeTensorFromDataId(info.dataId, [...shape], dtype as 'float32', backend);
}
