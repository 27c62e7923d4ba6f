/*
 * Terms: a *kernel* is what TensorFlow.js calls for an operation; it *records* nodes (operations that wait) and gives
 * *values* (tensors inside the graph); a *leaf* is a value whose data are at hand.
 */

import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import {
  constant,
  type GraphDtype,
  type GraphNode,
  type OutputSpec,
  record,
  sameShape,
  sizeOf,
  type Value,
} from './graph.js';
import { ONNX_TYPES, type OnnxAttribute, type OnnxType } from './onnx-encoder.js';

/**
 * The language in which kernels are written: they turn tensors into graph values, combine values with ONNX
 * operations, and wrap the last value as a tensor. Values need no disposal; only what `tensor` returns is counted.
 */

export type { Value } from './graph.js';

/** Attributes of an operation; whole numbers are integers unless wrapped in `{ float }`. */
export type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** A numeric array as the backend holds it: float32, int32, or 0/1 bytes for bool. */
export type HostArray = Float32Array | Int32Array | Uint8Array;

/** Input of a kernel. */
export interface KernelCall<I = Record<string, TensorInfo>, A = Record<string, unknown>> {
  readonly inputs: I;
  readonly attrs: A;
  readonly backend: OrtBackend;
}

/** Declares a kernel of this backend. */
export function kernel<I = Record<string, TensorInfo>, A = Record<string, unknown>>(
  kernelName: string,
  run: (call: KernelCall<I, A>) => TensorInfo | TensorInfo[],
): KernelConfig {
  // TensorFlow.js types the calls of all kernels alike; each reads inputs and attributes of its own.
  return { kernelName, backendName: 'ort', kernelFunc: run as unknown as KernelConfig['kernelFunc'] };
}

/** The graph value of a tensor, under the tensor's shape. Take it after every read, not before. */
export function value(backend: OrtBackend, info: TensorInfo): Value {
  return backend.graphValue(info);
}

/** Wraps a value as a tensor of a TensorFlow.js type, converting it if it has another element type. */
export function tensor(backend: OrtBackend, result: Value, dtype: GraphDtype): TensorInfo {
  return backend.makeGraphTensor(cast(result, dtype), dtype);
}

/** One operation with one output, whose type is that of the first input unless given. */
export function op(
  name: string,
  inputs: readonly (Value | undefined)[],
  shape: readonly number[],
  attributes?: Attributes,
  type?: OnnxType,
  domain = '',
): Value {
  return record(
    name,
    inputs,
    attributes,
    [{ type: type ?? (inputs[0] as Value).type, shape }],
    domain,
  )[0] as Value;
}

/** One operation with several outputs. */
export function ops(
  name: string,
  inputs: readonly (Value | undefined)[],
  outputs: readonly OutputSpec[],
  attributes?: Attributes,
  domain = '',
): Value[] {
  return record(name, inputs, attributes, outputs, domain);
}

/** Constants; they are part of the graph's structure, so never use them for numbers that change between steps. */
export function int64Const(numbers: readonly number[]): Value {
  return constant('int64', numbers, [numbers.length]);
}

/** A rank-0 constant of a type. */
export function scalarConst(type: OnnxType, number: number): Value {
  return constant(type, [number], []);
}

/** A constant of a shape (default: a vector). */
export function arrayConst(type: OnnxType, numbers: readonly number[], shape?: readonly number[]): Value {
  return constant(type, numbers, shape ?? [numbers.length]);
}

/** A rank-0 float32 constant. */
export function floatConst(number: number): Value {
  return scalarConst('float32', number);
}

/**
 * Converts element types as TensorFlow.js does: to bool by `!= 0`, to int32 by truncation and, beyond its range, by
 * the lowest 32 bits; what is not a number becomes 0.
 */
export function cast(input: Value, type: OnnxType): Value {
  if (input.type === type) return input;
  if (type === 'int32' && (input.type === 'float32' || input.type === 'float64')) {
    // By way of 64 bits, whose lowest 32 are 0 where a number has no whole part. The mask keeps ONNX Runtime from making
    // one conversion of the two.
    const whole = op('Cast', [input], input.shape, { to: ONNX_TYPES.int64 }, 'int64');
    return cast(op('BitwiseAnd', [whole, scalarConst('int64', 0xffff_ffff)], input.shape), 'int32');
  }
  return op('Cast', [input], input.shape, { to: ONNX_TYPES[type] }, type);
}

/** The same elements under another shape. */
export function reshape(input: Value, shape: readonly number[]): Value {
  if (sameShape(input.shape, shape)) return input;
  return op('Reshape', [input, int64Const(shape)], shape);
}

/** Permutes axes. */
export function transpose(input: Value, perm: readonly number[]): Value {
  if (perm.every((axis, index) => axis === index)) return input;
  return op(
    'Transpose',
    [input],
    perm.map((axis) => input.shape[axis] as number),
    { perm },
  );
}

/** Repeats along extents of 1 until the value has the shape given. */
export function expand(input: Value, shape: readonly number[]): Value {
  if (sameShape(input.shape, shape)) return input;
  return op('Expand', [input, int64Const(shape)], shape);
}

/** A value filled with one number. */
export function filled(type: OnnxType, shape: readonly number[], number: number): Value {
  return expand(scalarConst(type, number), shape);
}

/** Values of a range along each axis, with positive steps. */
export function slice(input: Value, begin: readonly number[], size: readonly number[]): Value {
  if (begin.every((each) => each === 0) && sameShape(input.shape, size)) return input;
  if (begin.length === 0) return input;
  return op(
    'Slice',
    [input, int64Const(begin), int64Const(begin.map((each, axis) => each + (size[axis] as number)))],
    size,
  );
}

/** Joins values along an axis. */
export function concat(inputs: readonly Value[], axis: number): Value {
  const [first] = inputs as [Value];
  if (inputs.length === 1) return first;
  const shape = [...first.shape];
  shape[axis] = inputs.reduce((sum, each) => sum + (each.shape[axis] as number), 0);
  return op('Concat', inputs, shape, { axis });
}

/** Shape of two values combined elementwise. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    // In the words that every TensorFlow.js backend uses.
    if (x !== y && x !== 1 && y !== 1)
      throw new Error(`Operands could not be broadcast together with shapes ${a} and ${b}.`);
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

/** An elementwise operation of two values, with broadcasting; the output has their type unless given. */
export function binary(name: string, a: Value, b: Value, type?: OnnxType): Value {
  const shape = broadcastShape(a.shape, b.shape);
  return op(name, [unspread(a, b, shape), unspread(b, a, shape)], shape, undefined, type ?? a.type);
}

/** The value that another was expanded from, where the other operand spreads it as far by itself. */
function unspread(x: Value, other: Value, shape: readonly number[]): Value {
  if (x.from !== 'node' || !sameShape(other.shape, shape)) return x;
  const { op: name, inputs } = x.source as GraphNode;
  const [narrow] = inputs;
  // A leaf was read when it was expanded; its memory may have gone to another tensor since.
  return name === 'Expand' && narrow && narrow.from !== 'leaf' ? narrow : x;
}

/** An elementwise operation of one value. */
export function unary(name: string, input: Value, attributes?: Attributes, type?: OnnxType): Value {
  return op(name, [input], input.shape, attributes, type);
}

/** `where condition then a else b`, with broadcasting. */
export function where(condition: Value, a: Value, b: Value): Value {
  return op(
    'Where',
    [condition, a, b],
    broadcastShape(broadcastShape(condition.shape, a.shape), b.shape),
    undefined,
    a.type,
  );
}

/** A reduction (`ReduceSum`, `ReduceMax`, ...) over axes. */
export function reduce(name: string, input: Value, axes: readonly number[], keepDims = false): Value {
  if (axes.length === 0) return input;
  const shape = keepDims
    ? input.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
    : input.shape.filter((_, axis) => !axes.includes(axis));
  return op(name, [input, int64Const(axes)], shape, { keepdims: keepDims ? 1 : 0 });
}

/** A tensor of values computed in JavaScript; the array is not copied. */
export function hostTensor(
  backend: OrtBackend,
  values: HostArray,
  shape: readonly number[],
  dtype: GraphDtype,
): TensorInfo {
  return backend.makeHostTensor(values, shape, dtype);
}

/** The same data under another shape: shares the tensor's data, as TensorFlow.js kernels do. */
export function sharedTensor(backend: OrtBackend, info: TensorInfo, shape: readonly number[]): TensorInfo {
  backend.incRef(info.dataId);
  return { dataId: info.dataId, shape: [...shape], dtype: info.dtype };
}

export { sizeOf };
