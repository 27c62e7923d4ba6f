import { defineOptions, InvalidInputError, type OptionsOf, option, UnsupportedError } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { OrtBackend } from '../backend.js';
import { type Constant, type GraphDtype, type LeafData, record, sameShape, type Value } from './graph.js';
import { takeHostRuns } from './host-kernels.js';
import type { OnnxInitializer, OnnxNode } from './onnx-encoder.js';
import { encodePlan, type Plan, planGraph } from './plan.js';

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, tf.Tensor>>;

/** Options of {@link exportOnnx}. */
export const EXPORT_ONNX = defineOptions(
  'exportOnnx',
  {
    dynamicBatch: option.boolean()({
      default: false,
      doc: 'leaves the first extent of the inputs open, under the name `batch`; inputs whose first extent differs from that of the first input keep their shape',
    }),
  },
  [],
);

/** Options of {@link exportOnnx}; {@link EXPORT_ONNX} says what each does. */
export type ExportOnnxOptions = OptionsOf<typeof EXPORT_ONNX.declarations>;

interface Trace {
  readonly plan: Plan;
  /** Name of each of the plan's inputs that is an argument. */
  readonly arguments: ReadonlyMap<number, string>;
  readonly outputNames: readonly string[];
}

/**
 * Writes the computation of a function as a standard ONNX model (opset 18): its arguments become the model's inputs,
 * its results the outputs, and everything else it uses (variables, captured tensors) constants of the file.
 *
 * The function is recorded, not computed. With `dynamicBatch` it is recorded at two batch sizes, and each number that
 * follows the batch size becomes a computation on the input's shape; a function that makes tensors in JavaScript whose
 * extents or values depend on the batch size cannot be written that way.
 *
 * @param inputs - example tensors by the names that the inputs get; their values do not matter
 * @returns the bytes of an `.onnx` file; outputs have the names of the record returned, or `output`
 * @throws UnsupportedError if the function depends on the batch size in a way the file cannot express
 * @throws InvalidInputError if the backend in use is not `'ort'`, or an output does not depend on the graph
 * @example
 * ```ts
 * const bytes = exportOnnx(({ x }) => tf.softmax(tf.matMul(x, w)), { x: tf.zeros([1, 64]) }, { dynamicBatch: true });
 * await writeFile('model.onnx', bytes);
 * ```
 */
export function exportOnnx<I extends NamedTensors>(
  run: (inputs: I) => tf.Tensor | NamedTensors,
  inputs: I,
  options: ExportOnnxOptions = {},
): Uint8Array {
  return writeFunction(run, inputs, EXPORT_ONNX.settings(options).dynamicBatch).bytes;
}

/** A function as {@link exportOnnx} writes it, with the names of its outputs and the backend that recorded it. */
export function writeFunction<I extends NamedTensors>(
  run: (inputs: I) => tf.Tensor | NamedTensors,
  inputs: I,
  dynamicBatch: boolean,
): { readonly bytes: Uint8Array; readonly outputNames: readonly string[]; readonly backend: OrtBackend } {
  const backend = tf.backend();
  if (!(backend instanceof OrtBackend))
    throw new InvalidInputError({
      expected: "the backend 'ort' to be in use",
      received: tf.getBackend(),
      hint: "Call await tf.setBackend('ort') first.",
    });
  if (!dynamicBatch) {
    const trace = traceFunction(backend, run, inputs);
    return { bytes: write(trace), outputNames: trace.outputNames, backend };
  }
  const [first] = Object.values(inputs);
  const batch = first?.shape[0];
  if (batch === undefined)
    throw new InvalidInputError({
      expected: 'a first input with at least one axis',
      received: first ? 'a scalar' : 'no inputs',
      hint: 'Leave dynamicBatch out.',
    });
  // Two sizes that no other extent of a model is likely to be confused with, and that differ from the example's.
  const sizes = [batch + 6, batch + 13] as const;
  const traceAt = (size: number): Trace => {
    const resized = Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => [
        name,
        tensor.shape[0] === batch && tensor.rank > 0
          ? tf.zeros([size, ...tensor.shape.slice(1)], tensor.dtype as 'float32')
          : tf.clone(tensor),
      ]),
    ) as I;
    try {
      return traceFunction(backend, run, resized);
    } finally {
      tf.dispose(Object.values(resized));
    }
  };
  const small = traceAt(sizes[0]);
  const large = traceAt(sizes[1]);
  return { bytes: writeDynamic(small, large, sizes), outputNames: small.outputNames, backend };
}

function traceFunction<I extends NamedTensors>(
  backend: OrtBackend,
  run: (inputs: I) => tf.Tensor | NamedTensors,
  inputs: I,
): Trace {
  backend.flush();
  const traces: Trace[] = [];
  tf.tidy(() => {
    const names = new Map<LeafData, string>();
    const own: Record<string, tf.Tensor> = {};
    for (const [name, tensor] of Object.entries(inputs)) {
      // Data of its own, so that an argument is not taken for a variable with the same data; and a node of its own, so
      // that the input keeps its shape when the function reshapes it first.
      const alias = backend.aliasOf(tensor);
      const input = backend.graphValue(alias);
      names.set(input.source as LeafData, name);
      const info = backend.makeGraphTensor(
        record('Identity', [input], undefined, [input])[0] as Value,
        alias.dtype as GraphDtype,
      );
      own[name] = tf.engine().makeTensorFromDataId(info.dataId, tensor.shape, tensor.dtype, backend);
      backend.disposeIntermediateTensorInfo(alias);
    }
    takeHostRuns();
    const result = run(own as I);
    const [inJavaScript] = takeHostRuns();
    if (inJavaScript !== undefined)
      throw new InvalidInputError({
        expected: 'a function made of operations that ONNX has',
        received: `${inJavaScript}, which this backend runs in JavaScript`,
        hint: 'Leave it out of the exported function, or export the parts before and after it; see hostKernels().',
      });
    const named = result instanceof tf.Tensor ? { output: result } : result;
    const values = Object.values(named).map((tensor) => {
      const value = backend.graphValue(tensor);
      return record('Identity', [value], undefined, [value])[0] as Value;
    });
    const plan = planGraph(values);
    const found = new Map<number, string>();
    plan.inputs.forEach((value, index) => {
      const data = value.source as LeafData;
      const name = names.get(data);
      if (name !== undefined) found.set(index, name);
      // Its numbers are written later: tensors of another recording must not take their memory.
      else data.shared = true;
    });
    traces.push({ plan, arguments: found, outputNames: Object.keys(named) });
  });
  return traces[0] as Trace;
}

function baked({ plan, arguments: names }: Trace): Set<number> {
  return new Set(plan.inputs.map((_, index) => index).filter((index) => !names.has(index)));
}

function inputNames({ plan, arguments: names }: Trace): string[] {
  return plan.inputs.map((_, index) => names.get(index) ?? `constant${index}`);
}

function write(trace: Trace): Uint8Array {
  return encodePlan(trace.plan, {
    standard: true,
    inputNames: inputNames(trace),
    outputNames: trace.outputNames,
    baked: baked(trace),
  });
}

function refuse(received: string): UnsupportedError {
  return new UnsupportedError({
    expected: 'a function whose graph is the same for every batch size',
    received,
    hint: 'Make tensors that depend on the batch from the inputs by operations, or export a fixed batch.',
  });
}

function writeDynamic(small: Trace, large: Trace, [low, high]: readonly [number, number]): Uint8Array {
  const { plan } = small;
  const other = large.plan;
  if (plan.nodes.length !== other.nodes.length || plan.inputs.length !== other.inputs.length)
    throw refuse('other operations at another batch size');
  const prelude: OnnxNode[] = [];
  const initializers = new Map<string, OnnxInitializer>();
  const replaced = new Map<string, string>();
  const names = inputNames(small);
  const batchInput = [...small.arguments].find(
    ([index]) => plan.inputs[index]?.shape[0] === low && other.inputs[index]?.shape[0] === high,
  );
  if (!batchInput) throw refuse('no input that has the batch as its first extent');
  const whole = (name: string, numbers: readonly number[]): string => {
    initializers.set(name, {
      name,
      type: 'int64',
      shape: [numbers.length],
      bytes: new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer),
    });
    return name;
  };
  const shapeConstant = (a: Constant, b: Constant, use: string, op: string): string => {
    if (a.type !== 'int64' || a.numbers.length !== b.numbers.length)
      throw refuse(`a constant of ${op} whose values follow the batch size`);
    const moving = a.numbers.map((each, index) => each !== b.numbers[index]);
    if (op === 'Reshape' && moving.filter(Boolean).length === 1)
      return whole(
        `shape_${use}`,
        a.numbers.map((each, index) => (moving[index] ? -1 : each)),
      );
    const parts = a.numbers.map((each, index): string => {
      const name = `shape_${use}_${index}`;
      if (!moving[index]) return whole(name, [each]);
      const factor = ((b.numbers[index] as number) - each) / (high - low);
      if (!Number.isInteger(factor))
        throw refuse(`an extent of ${op} that is not a multiple of the batch size`);
      prelude.push({
        op: 'Mul',
        inputs: ['batch_size', whole(`${name}_factor`, [factor])],
        outputs: [`${name}_product`],
      });
      prelude.push({
        op: 'Add',
        inputs: [`${name}_product`, whole(`${name}_offset`, [each - factor * low])],
        outputs: [name],
      });
      return name;
    });
    const name = `shape_${use}`;
    if (a.shape.length === 0) prelude.push({ op: 'Squeeze', inputs: parts, outputs: [name] });
    else prelude.push({ op: 'Concat', inputs: parts, outputs: [name], attributes: { axis: 0 } });
    return name;
  };
  prelude.push({
    op: 'Shape',
    inputs: [batchInput[1]],
    outputs: ['batch_size'],
    attributes: { start: 0, end: 1 },
  });
  plan.nodes.forEach((node, nodeIndex) => {
    const twin = other.nodes[nodeIndex];
    if (!twin || twin.kind !== node.kind || twin.inputs.length !== node.inputs.length)
      throw refuse(`${node.op} with other attributes at another batch size`);
    node.inputs.forEach((value, inputIndex) => {
      const match = twin.inputs[inputIndex];
      if (value?.from !== match?.from || value?.slot !== match?.slot) {
        if (value?.from !== 'constant' || match?.from !== 'constant')
          throw refuse(`${node.op} wired otherwise`);
      }
      if (value?.from !== 'constant' || value.source === match?.source) return;
      const use = `${nodeIndex}:${inputIndex}`;
      replaced.set(
        use,
        shapeConstant(value.source as Constant, match?.source as Constant, use.replace(':', '_'), node.op),
      );
    });
  });
  plan.inputs.forEach((value, index) => {
    if (small.arguments.has(index)) return;
    const twin = other.inputs[index] as Value;
    const [a, b] = [value.source as LeafData, twin.source as LeafData];
    if (
      a !== b &&
      (!sameShape(value.shape, twin.shape) || a.values.some((each, at) => !Object.is(each, b.values[at])))
    )
      throw refuse('a tensor made in JavaScript that follows the batch size');
  });
  const open = (value: Value, twin: Value): (number | string)[] =>
    value.shape.map((extent, axis) => {
      const wider = twin.shape[axis] as number;
      if (extent === wider) return extent;
      return extent === low && wider === high ? 'batch' : `batch_${axis}_${(wider - extent) / (high - low)}`;
    });
  return encodePlan(plan, {
    standard: true,
    inputNames: names,
    outputNames: small.outputNames,
    baked: baked(small),
    inputShapes: plan.inputs.map((value, index) => open(value, other.inputs[index] as Value)),
    outputShapes: plan.outputs.map((value, index) => open(value, other.outputs[index] as Value)),
    prelude,
    preludeInitializers: [...initializers.values()],
    replacedConstants: replaced,
  });
}
