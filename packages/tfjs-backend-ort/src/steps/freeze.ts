import { defineOptions, InvalidInputError, type OptionsOf, option } from '@palate/core';
import type * as tf from '@tensorflow/tfjs-core';
import { type NamedTensors, writeFunction } from '../graph/export-onnx.js';
import type { GraphDtype } from '../graph/graph.js';
import { OrtTensor } from '../runtime/ort-tensor.js';
import { OrtSession } from '../sessions/ort-session.js';

/** Frees the sessions of functions that nobody holds any more. */
const abandoned = new FinalizationRegistry<OrtSession>((session) => session.dispose());

/** Options of {@link freeze}. */
export const FREEZE = defineOptions(
  'freeze',
  {
    threads: option.integer({ min: 0 })({
      default: 1,
      doc: "threads within an operation; a small graph takes less processor time on one thread than on several, and a server can use the others for other requests. 0 for the backend's setting",
    }),
  },
  [],
);

/** Options of {@link freeze}; {@link FREEZE} says what each does. */
export type FreezeOptions = OptionsOf<typeof FREEZE.declarations>;

/** Numbers of one argument, row-major. */
export type FrozenInput = Float32Array | Int32Array;

/** A function of tensors as a session of its own. */
export interface FrozenFunction {
  /**
   * Computes the outputs.
   *
   * @param inputs - numbers of each argument, by name; their length says how many rows the batch has
   * @returns each output's numbers, row-major, by name; they belong to the caller
   * @throws InvalidInputError if an argument is missing, or its numbers are no whole rows
   */
  run(inputs: Readonly<Record<string, FrozenInput>>): Record<string, Float32Array>;
  /** Frees the session; what needs it throws afterwards. */
  dispose(): void;
}

/**
 * Makes a session of a function whose weights stay as they are from now on: they become constants of the graph, which ONNX
 * Runtime folds and lays out once, and any batch size runs in the same session. A call costs neither recording nor the
 * handing over of weights, which is most of what a small model costs when it answers single requests.
 *
 * The session holds a copy of the weights.
 *
 * @param run - from the arguments to a tensor, named `output` then, or to tensors by name; float32 alone
 * @param inputs - example tensors by name whose first extent is the batch
 * @throws UnsupportedError if the function depends on the batch size in a way that no graph can express
 * @throws InvalidInputError if the backend in use is not `'ort'`
 * @example
 * ```ts
 * const scores = freeze(({ x }) => tf.matMul(x as tf.Tensor2D, w), { x: tf.zeros([1, 64]) });
 * const { output } = scores.run({ x: new Float32Array(3 * 64) }); // three rows
 * ```
 */
export function freeze<I extends NamedTensors>(
  run: (inputs: I) => tf.Tensor | NamedTensors,
  inputs: I,
  options: FreezeOptions = {},
): FrozenFunction {
  const { threads } = FREEZE.settings(options);
  const { bytes, outputNames, backend } = writeFunction(run, inputs, true);
  const session = new OrtSession(
    bytes,
    outputNames,
    threads === 0 ? backend.sessionOptions : { ...backend.sessionOptions, threads, spinning: false },
  );
  const shapes = Object.entries(inputs).map(([name, { shape, dtype }]) => ({
    name,
    dtype: dtype as GraphDtype,
    rest: shape.slice(1),
    size: shape.slice(1).reduce((product, extent) => product * extent, 1),
  }));
  let isDisposed = false;
  const frozen: FrozenFunction = {
    run(given) {
      if (isDisposed)
        throw new InvalidInputError({
          expected: 'a frozen function that is in use',
          received: 'one that was disposed',
          hint: 'Keep it, or its model, until it is no longer used.',
        });
      const feeds: Record<string, OrtTensor> = {};
      for (const { name, dtype, rest, size } of shapes) {
        const values = given[name];
        if (values === undefined || values.length % size !== 0)
          throw new InvalidInputError({
            expected: `whole rows of ${size} numbers as ${name}`,
            received: values === undefined ? 'nothing' : `${values.length} numbers`,
            hint: 'Give every argument that the function was frozen with.',
          });
        feeds[name] = new OrtTensor(dtype as 'float32', values as Float32Array, [
          values.length / size,
          ...rest,
        ]);
      }
      const outputs = session.run(feeds);
      return Object.fromEntries(outputNames.map((name) => [name, outputs[name]?.data as Float32Array]));
    },
    dispose() {
      if (isDisposed) return;
      isDisposed = true;
      abandoned.unregister(frozen);
      session.dispose();
    },
  };
  abandoned.register(frozen, session, frozen);
  return frozen;
}
