/*
 * Terms: to *trace* a step is to run it while the backend tells what it writes and computes; a *leaf* is data at hand;
 * an *origin* says where an input of the session came from: an argument, a variable, a *captured* tensor from outside,
 * or *fresh* numbers from JavaScript.
 */

import * as tf from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import type { LeafData, Value } from '../graph/graph.js';
import { takeHostRuns } from '../graph/host-kernels.js';
import type { Plan } from '../graph/plan.js';
import { knownVariables } from '../memory/variables.js';
import type { CachedSession } from '../sessions/session-cache.js';
import { namedTensors, type Origin, type Recording, type ResultSlot, type StepResult } from './recording.js';

/**
 * Calls a step and records its graph.
 *
 * @returns the result, with the recording, or with the reason why there is none that could be replayed
 */
export function trace<A extends readonly tf.Tensor[], R extends StepResult>(
  backend: OrtBackend,
  step: (...args: A) => R,
  args: A,
): { result: R; recording?: Recording; reason?: string } {
  backend.flush();
  const registered = knownVariables;
  const leafOf = (tensor: tf.Tensor): LeafData | undefined => {
    const value = backend.peek(tensor.dataId);
    return value?.from === 'leaf' ? (value.source as LeafData) : undefined;
  };
  const origins = new Map<LeafData, Origin>();
  for (const variable of registered()) {
    const data = leafOf(variable);
    if (data) origins.set(data, { from: 'variable', variable, shape: variable.shape });
  }
  // The step gets other tensors with the same numbers, so that an argument can be distinguished from a variable, a captured
  // tensor or another argument that holds the same data.
  const own = args.map((arg) =>
    tf.engine().makeTensorFromDataId(backend.aliasOf(arg).dataId, arg.shape, arg.dtype, backend),
  );
  own.forEach((arg, index) => {
    origins.set(leafOf(arg) as LeafData, { from: 'argument', index, shape: arg.shape });
  });
  const failedBefore = new Set(
    registered()
      .map(({ dataId }) => dataId)
      .filter((dataId) => backend.failureOf(dataId)),
  );
  const before = new Map(registered().map((variable) => [variable, variable.dataId]));
  const fresh = new Set<LeafData>();
  const computed: { plan: Plan; session: CachedSession }[] = [];
  backend.tracer = {
    wrote: (data) => {
      // Frozen into the recording: nothing else may get its memory when the step disposes it.
      data.shared = true;
      fresh.add(data);
    },
    computed: (plan, session) => computed.push({ plan, session }),
  };
  let result: R;
  let early: number;
  const outputs = new Map<object, Value | undefined>();
  let results: ReturnType<typeof namedTensors>;
  takeHostRuns();
  try {
    // Tensors of this recording in the places of the arguments, one for each.
    result = tf.tidy(() => step(...(own as unknown as A)) as tf.TensorContainer) as R;
    early = computed.length;
    results = namedTensors(result);
    for (const [, tensor] of results.tensors) outputs.set(tensor.dataId, backend.peek(tensor.dataId));
    for (const variable of registered()) outputs.set(variable.dataId, backend.peek(variable.dataId));
    backend.flush();
    for (const { dataId } of [...results.tensors.map(([, tensor]) => tensor), ...registered()]) {
      const failure = backend.failureOf(dataId);
      // A variable that failed before is none of this step's.
      if (!failure || failedBefore.has(dataId)) continue;
      tf.dispose(result as tf.TensorContainer);
      throw failure;
    }
  } catch (error) {
    for (const arg of own) arg.dispose();
    throw error;
  } finally {
    backend.tracer = undefined;
  }
  const kept = new Set(results.tensors.map(([, tensor]) => tensor));
  for (const arg of own) if (!kept.has(arg)) arg.dispose();
  const refuse = (reason: string): { result: R; reason: string } => ({ result, reason });
  const [inJavaScript] = takeHostRuns();
  if (inJavaScript !== undefined)
    return refuse(`the step uses ${inJavaScript}, which runs in JavaScript and is not part of a graph`);
  if (early > 0)
    return refuse('the step reads a tensor, or records more operations than the backend keeps waiting');
  const [only] = computed;
  if (!only) return refuse('the step computes nothing');
  const { plan, session } = only;
  const position = new Map(plan.outputs.map((value, index) => [value, index]));
  const claimed = new Set<number>();
  const slots: ResultSlot[] = [];
  for (const [key, tensor] of results.tensors) {
    const output = position.get(outputs.get(tensor.dataId) as Value);
    if (output === undefined) return refuse('the step returns a tensor that it has not computed');
    slots.push({ key, output, shape: tensor.shape });
    claimed.add(output);
  }
  const variables: { variable: tf.Variable; output: number }[] = [];
  for (const variable of registered()) {
    if (!before.has(variable)) return refuse('the step made a variable');
    if (before.get(variable) === variable.dataId) continue;
    const output = position.get(outputs.get(variable.dataId) as Value);
    if (output === undefined)
      return refuse(`the variable ${variable.name} was assigned a tensor not computed here`);
    variables.push({ variable, output });
    claimed.add(output);
  }
  if (claimed.size < plan.outputs.length)
    return refuse('the step leaves tensors behind that it does not return');
  const inputs = plan.inputs.map((value): Origin => {
    const data = value.source as LeafData;
    const origin = origins.get(data);
    if (origin) return { ...origin, shape: value.shape } as Origin;
    return fresh.has(data) ? { from: 'fresh', value } : { from: 'captured', value };
  });
  // A fresh leaf is frozen: nothing else may get its memory.
  for (const origin of inputs)
    if (origin.from === 'fresh' || origin.from === 'captured')
      (origin.value.source as LeafData).shared = true;
  return {
    result,
    recording: { session, plan, origins: inputs, variables, results: slots, form: results.form },
  };
}
