/*
 * Terms: a *step* is a function of tensors that may assign variables; to *record* it is to run its JavaScript and keep
 * the graph; to *replay* it is to run the kept session alone; a *proof* is a recording equal to the one before; a
 * *session* is a graph made ready to run.
 */

import { defineOptions, InvalidInputError, type OptionsOf, option } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { OrtBackend } from '../backend.js';
import { knownVariables } from '../memory/variables.js';
import { differenceOf, type Recording, type StepResult } from './recording.js';
import { isReplayable, replay } from './replay-step.js';
import { trace } from './trace-step.js';

/** Options of {@link compile}, beside `accept`. */
export const COMPILE = defineOptions(
  'compile',
  {
    maxShapes: option.integer({ min: 1 })({
      default: 64,
      doc: "graphs kept, one for each combination of the arguments' shapes; the least recently used goes",
    }),
    proofs: option.integer({ min: 2 })({
      default: 2,
      doc: 'consecutive equal recordings required before a replay',
    }),
    recheck: option.integer({ min: 1 })({
      default: 100,
      doc: 'replays after which one call is recorded again and compared',
    }),
  },
  ['accept'],
);

/** Options of {@link compile}; {@link COMPILE} says what each does. */
export type CompileOptions<R extends StepResult = StepResult> = OptionsOf<typeof COMPILE.declarations> & {
  /**
   * Looks at the result before the variables that the step assigned take their new values; when it returns false they
   * keep the ones that they had, and the result is returned all the same. It may read the tensors of the result.
   */
  readonly accept?: ((result: R) => boolean) | undefined;
};

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

/** State of one combination of shapes. */
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
 *   w.assign(tf.sub(w, tf.mul(rate, grads[w.name] as tf.Tensor)));
 *   return value;
 * });
 * ```
 */
export function compile<A extends readonly tf.Tensor[], R extends StepResult>(
  step: (...args: A) => R,
  options: CompileOptions<R> = {},
): CompiledStep<A, R> {
  const { proofs, recheck, maxShapes } = COMPILE.settings(options);
  const { accept } = options;
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
