import { checkNumber, checkOptions, InvalidInputError } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { OrtBackend } from './backend.js';
import { type GraphDtype, type LeafData, sameShape, type Value } from './graph.js';
import { takeHostRuns } from './host-kernels.js';
import type { Plan } from './plan.js';
import type { CachedSession } from './session-cache.js';
import { knownVariables } from './variables.js';

/** What a compiled step may return. */
export type StepResult = tf.Tensor | readonly tf.Tensor[] | Readonly<Record<string, tf.Tensor>>;

/** Options of {@link compile}. */
export interface CompileOptions<R extends StepResult = StepResult> {
  /**
   * Looks at the result before the variables that the step assigned take their new values; when it returns false they
   * keep the ones that they had, and the result is returned all the same. It may read the tensors of the result.
   */
  readonly accept?: (result: R) => boolean;
  /** Graphs kept, one for each combination of the arguments' shapes; the least recently used goes. Default 64. */
  readonly maxShapes?: number;
  /** Equal recordings in a row that count as proof. At least 2, the default. */
  readonly proofs?: number;
  /** Replays after which one call is recorded again and compared. Default 100. */
  readonly recheck?: number;
}

/** A step that replays its graph once that has proved stable. */
export interface CompiledStep<A extends readonly tf.Tensor[], R extends StepResult> {
  (...args: A): R;
  /** Calls that were recorded, calls that were replayed, and why the last recorded one could not be replayed. */
  statistics(): {
    readonly recorded: number;
    readonly replayed: number;
    readonly obstacle: string | undefined;
  };
  /** Lets go of the sessions, as happens by itself once nobody holds the step; later calls record anew. */
  dispose(): void;
}

/** Where an input of the session comes from. */
type Origin =
  | { readonly from: 'argument'; readonly index: number; readonly shape: readonly number[] }
  | { readonly from: 'variable'; readonly variable: tf.Variable; readonly shape: readonly number[] }
  | { readonly from: 'captured'; readonly value: Value }
  | { readonly from: 'fresh'; readonly value: Value };

interface ResultSlot {
  readonly key: string;
  readonly output: number;
  readonly shape: readonly number[];
}

/** One recording of the step. */
interface Recording {
  readonly session: CachedSession;
  readonly plan: Plan;
  readonly origins: readonly Origin[];
  readonly variables: readonly { readonly variable: tf.Variable; readonly output: number }[];
  readonly results: readonly ResultSlot[];
  readonly form: 'tensor' | 'array' | 'record';
}

/** What is known of one combination of shapes. */
interface Entry {
  recording: Recording | undefined;
  equal: number;
  sinceCheck: number;
}

/** Lets go of the sessions of steps that nobody holds any more. */
const abandoned = new FinalizationRegistry<Map<string, Entry>>((entries) => forgetAll(entries));

/**
 * Makes a step that, once two calls have recorded the same graph, runs that graph directly: no kernels, no gradients,
 * no recording.
 *
 * The contract: whatever changes from call to call comes in as an argument tensor or lives in a `tf.Variable` (a
 * learning rate that follows a schedule, the seed of dropout, the batch). Numbers that the step takes from JavaScript,
 * and tensors that it captures, must stay the same: they are compared between the recordings and again at every
 * `recheck`-th call. The step must not read tensors (`dataSync`), must return new tensors only, and its other effects
 * in JavaScript (counters, logging) happen when it is recorded and not when it is replayed.
 *
 * A call that throws leaves every variable as it was.
 *
 * When a call cannot be replayed (other shapes or types, a disposed variable, an unstable graph), it is recorded and
 * computed as without `compile`. On other backends the step is simply called.
 *
 * @param step - from tensors to a tensor, an array or a record of tensors; may assign variables
 * @throws InvalidInputError from a call that finds, at a recheck, that numbers frozen into the graph have changed
 * @example
 * ```ts
 * const train = compile((x: tf.Tensor, y: tf.Tensor, rate: tf.Tensor) => {
 *   const { value, grads } = tf.variableGrads(() => tf.losses.meanSquaredError(y, tf.matMul(x, w)));
 *   w.assign(tf.sub(w, tf.mul(rate, grads[w.name])));
 *   return value;
 * });
 * ```
 */
export function compile<A extends readonly tf.Tensor[], R extends StepResult>(
  step: (...args: A) => R,
  options: CompileOptions<R> = {},
): CompiledStep<A, R> {
  checkOptions('compile', options, ['proofs', 'recheck', 'maxShapes', 'accept']);
  const { proofs = 2, recheck = 100, maxShapes = 64, accept } = options;
  checkNumber('proofs', proofs, { min: 2, integer: true });
  checkNumber('maxShapes', maxShapes, { min: 1, integer: true });
  checkNumber('recheck', recheck, { min: 1, integer: true });
  const entries = new Map<string, Entry>();
  let recorded = 0;
  let replayed = 0;
  let obstacle: string | undefined;

  const call = (...args: A): R => {
    const backend = tf.backend();
    if (!(backend instanceof OrtBackend)) {
      const called = withRollback(() => ({ result: step(...args) }), accept);
      return called.result;
    }
    const key = args.map((arg) => `${arg.dtype}[${arg.shape}]`).join();
    const entry = entries.get(key) ?? { recording: undefined, equal: 0, sinceCheck: 0 };
    // The newest use comes last.
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > maxShapes) forget(entries, entries.keys().next().value as string);
    const proved = entry.equal >= proofs ? entry.recording : undefined;
    if (proved && entry.sinceCheck < recheck && isReplayable(backend, proved)) {
      entry.sinceCheck++;
      replayed++;
      return replay(backend, proved, args, accept);
    }
    const checking = proved !== undefined && entry.sinceCheck >= recheck;
    recorded++;
    const { result, recording, reason } = withRollback(() => trace(backend, step, args), accept);
    obstacle = reason;
    const difference = recording && entry.recording ? differenceOf(entry.recording, recording) : undefined;
    if (checking && difference === 'a number') {
      forget(entries, key);
      tf.dispose(result as tf.TensorContainer);
      throw new InvalidInputError({
        expected: 'a compiled step whose numbers come from its arguments and variables',
        received: `a number in JavaScript that changed since the step was compiled, within the last ${recheck} calls`,
        hint: 'Pass it to the step as a tensor (for example tf.scalar(learningRate)).',
      });
    }
    if (entry.recording && entry.recording.session !== recording?.session) entry.recording.session.pinned--;
    if (recording && entry.recording?.session !== recording.session) recording.session.pinned++;
    entry.equal = recording ? (entry.recording && difference === undefined ? entry.equal + 1 : 1) : 0;
    if (difference !== undefined) obstacle = `the recording differs from the one before by ${difference}`;
    entry.recording = recording;
    entry.sinceCheck = 0;
    return result;
  };
  abandoned.register(call, entries);
  return Object.assign(call, {
    statistics: () => ({ recorded, replayed, obstacle }),
    dispose: () => forgetAll(entries),
  });
}

/**
 * Runs a step; variables get the values back that they had before when it throws or its result is not accepted.
 * Nothing is copied: their data is only held meanwhile.
 */
function withRollback<R extends StepResult, T extends { readonly result: R }>(
  run: () => T,
  accept: ((result: R) => boolean) | undefined,
): T {
  const before = knownVariables().map((variable) => ({ variable, kept: tf.keep(tf.clone(variable)) }));
  const rollBack = (): void => {
    for (const { variable, kept } of before)
      if (!variable.isDisposed && variable.dataId !== kept.dataId)
        variable.assign(kept as tf.Tensor as tf.Tensor<never>);
  };
  let done: T | undefined;
  try {
    done = run();
    if (accept && !accept(done.result)) rollBack();
    return done;
  } catch (error) {
    rollBack();
    if (done) tf.dispose(done.result as tf.TensorContainer);
    throw error;
  } finally {
    for (const { kept } of before) kept.dispose();
  }
}

function forget(entries: Map<string, Entry>, key: string): void {
  const entry = entries.get(key);
  if (entry?.recording) entry.recording.session.pinned--;
  entries.delete(key);
}

function forgetAll(entries: Map<string, Entry>): void {
  for (const key of [...entries.keys()]) forget(entries, key);
}

function namedTensors(result: StepResult): { form: Recording['form']; tensors: [string, tf.Tensor][] } {
  if (result instanceof tf.Tensor) return { form: 'tensor', tensors: [['', result]] };
  if (Array.isArray(result)) return { form: 'array', tensors: Object.entries(result as tf.Tensor[]) };
  return { form: 'record', tensors: Object.entries(result as Record<string, tf.Tensor>) };
}

function trace<A extends readonly tf.Tensor[], R extends StepResult>(
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
  // The step gets other tensors with the same numbers, so that an argument is told apart from a variable, a captured
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
    return refuse(`the step uses ${inJavaScript}, which runs in JavaScript and is no part of a graph`);
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

/** How two recordings differ, if they do. */
function differenceOf(a: Recording, b: Recording): string | undefined {
  if (!sameNumbers(a.plan.signature, b.plan.signature)) return 'its operations or shapes';
  if (
    a.form !== b.form ||
    a.results.length !== b.results.length ||
    a.results.some((slot, index) => {
      const other = b.results[index] as ResultSlot;
      return slot.key !== other.key || slot.output !== other.output || !sameShape(slot.shape, other.shape);
    })
  )
    return 'its results';
  if (
    a.variables.length !== b.variables.length ||
    a.variables.some(
      (each, index) =>
        each.variable !== b.variables[index]?.variable || each.output !== b.variables[index]?.output,
    )
  )
    return 'the variables it assigns';
  for (let i = 0; i < a.origins.length; i++) {
    const x = a.origins[i] as Origin;
    const y = b.origins[i] as Origin;
    if (x.from === 'fresh' && y.from === 'fresh') {
      if (!sameNumbers((x.value.source as LeafData).values, (y.value.source as LeafData).values))
        return 'a number';
    } else if (x.from === 'captured' && y.from === 'captured') {
      if (x.value.source !== y.value.source) return 'a captured tensor';
    } else if (x.from === 'argument' && y.from === 'argument') {
      if (x.index !== y.index) return 'its use of arguments';
    } else if (x.from === 'variable' && y.from === 'variable') {
      if (x.variable !== y.variable) return 'its use of variables';
    } else return 'where its inputs come from';
  }
  return undefined;
}

function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

function isReplayable(backend: OrtBackend, { session, origins, variables }: Recording): boolean {
  if (session.isDisposed) return false;
  for (const origin of origins)
    if (origin.from === 'variable' && origin.variable.isDisposed) return false;
    else if (origin.from === 'captured' && (origin.value.source as LeafData).released) return false;
  return variables.every(({ variable }) => !variable.isDisposed && backend.refCount(variable.dataId) > 0);
}

function replay<R extends StepResult>(
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
