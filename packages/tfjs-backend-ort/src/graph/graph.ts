/*
 * Terms: a *value* is a tensor inside the graph; a *node* is a recorded operation, which makes values; a *leaf* is data
 * at hand, whose numbers may differ from step to step; a *constant* is a small one that shapes the graph (axes,
 * extents) and belongs to its structure.
 */

import type { OnnxAttribute, OnnxType } from './onnx-encoder.js';

/**
 * The lazy graph: nodes that wait to be computed, and the values that flow between them. Nothing here knows of
 * TensorFlow.js or of ONNX Runtime; nodes that no live tensor reaches are simply garbage.
 */

/** TensorFlow.js types that live in graphs. */
export type GraphDtype = 'float32' | 'int32' | 'bool';

/** Data held by this process that can be fed to a session. */
export interface LeafData {
  readonly values: Float32Array | Int32Array | Uint8Array;
  /** True once other code may hold `values`, so that its memory must not be reused. */
  shared: boolean;
  /** True while a node that has not been computed reads it. */
  awaited: boolean;
  /** True once its memory was given to another tensor. */
  released: boolean;
}

/** A small constant that shapes the graph (axes, extents, fills); it is part of the graph's signature. */
export interface Constant {
  readonly id: number;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  /** Its numbers, for the dynamic shapes of an export. */
  readonly numbers: readonly number[];
}

/** One recorded operation. */
export interface GraphNode {
  /** Grows with creation, so that sorting by it is a topological order. */
  readonly order: number;
  readonly op: string;
  readonly domain: string;
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  /** Interned number of (op, domain, attributes, number of outputs). */
  readonly kind: number;
  readonly inputs: readonly (Value | undefined)[];
  outputs: readonly Value[];
  /** Scratch of the planner. */
  epoch: number;
  /** Scratch of walks over the graph: the last one that met the node, and the group that it gave it. */
  walk: number;
  group: number;
}

/** A tensor inside the graph: a leaf, a constant or the output of a node. */
export class Value {
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly source: GraphNode | LeafData | Constant;
  readonly from: 'node' | 'leaf' | 'constant';
  /** Scratch of the planner. */
  epoch = 0;
  /** Scratch of the planner: number of the value within the planned graph. */
  slot = 0;

  constructor(
    type: OnnxType,
    shape: readonly number[],
    from: 'node' | 'leaf' | 'constant',
    source: GraphNode | LeafData | Constant,
  ) {
    this.type = type;
    this.shape = shape;
    this.from = from;
    this.source = source;
  }

  get size(): number {
    return sizeOf(this.shape);
  }
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** Tells whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

let nextOrder = 1;
const kinds = new Map<string, number>();
const constants = new Map<string, Value>();
let nextConstant = 1;

/** Number of nodes recorded so far in this process. */
export function nodesRecorded(): number {
  return nextOrder - 1;
}

/** The last operations recorded, newest last, for error messages. */
const recent: string[] = [];

/** Names of the last operations recorded, oldest first. */
export function recentOperations(): readonly string[] {
  return recent;
}

const NO_ATTRIBUTES: Readonly<Record<string, OnnxAttribute>> = {};

/** Output of a node: element type and static shape. */
export interface OutputSpec {
  readonly type: OnnxType;
  readonly shape: readonly number[];
}

/**
 * Records an operation with any number of outputs.
 *
 * @param inputs - values; `undefined` leaves an optional input out
 * @param domain - `''` for the standard operators, `'com.microsoft'` for ONNX Runtime's own
 */
export function record(
  op: string,
  inputs: readonly (Value | undefined)[],
  attributes: Readonly<Record<string, OnnxAttribute>> | undefined,
  outputs: readonly OutputSpec[],
  domain = '',
): Value[] {
  const kindKey = attributes
    ? `${domain}:${op}/${outputs.length}${JSON.stringify(attributes)}`
    : `${domain}:${op}/${outputs.length}`;
  let kind = kinds.get(kindKey);
  if (kind === undefined) {
    kind = kinds.size + 1;
    kinds.set(kindKey, kind);
  }
  const node: GraphNode = {
    order: nextOrder++,
    op,
    domain,
    attributes: attributes ?? NO_ATTRIBUTES,
    kind,
    inputs,
    outputs: [],
    epoch: 0,
    walk: 0,
    group: 0,
  };
  const values: Value[] = [];
  for (const spec of outputs) values.push(new Value(spec.type, spec.shape, 'node', node));
  node.outputs = values;
  for (const input of inputs) if (input?.from === 'leaf') (input.source as LeafData).awaited = true;
  if (recent.push(op) > 8) recent.shift();
  return values;
}

/** The value of a constant, the same object for equal constants. */
export function constant(type: OnnxType, numbers: readonly number[], shape: readonly number[]): Value {
  // -0 and 0 print alike but are different constants.
  const key = `${type}[${shape.join()}]${numbers.map((each) => (Object.is(each, -0) ? '-0' : each)).join()}`;
  const known = constants.get(key);
  if (known) return known;
  const source: Constant = { id: nextConstant++, type, shape, bytes: toBytes(type, numbers), numbers };
  const value = new Value(type, shape, 'constant', source);
  // A program that makes constants without end (say, a growing slice) must not grow this table for ever: forgotten
  // constants only get new numbers, and their graphs new sessions.
  if (constants.size >= 20_000) constants.clear();
  constants.set(key, value);
  return value;
}

function toBytes(type: OnnxType, numbers: readonly number[]): Uint8Array {
  const array =
    type === 'float32'
      ? Float32Array.from(numbers)
      : type === 'float64'
        ? Float64Array.from(numbers)
        : type === 'int32'
          ? Int32Array.from(numbers)
          : type === 'uint32'
            ? Uint32Array.from(numbers)
            : type === 'int64'
              ? BigInt64Array.from(numbers, BigInt)
              : type === 'uint64'
                ? BigUint64Array.from(numbers, BigInt)
                : type === 'int8'
                  ? Int8Array.from(numbers)
                  : Uint8Array.from(numbers);
  return new Uint8Array(array.buffer);
}

/** The value of data in this process. */
export function leaf(data: LeafData, type: OnnxType, shape: readonly number[]): Value {
  return new Value(type, shape, 'leaf', data);
}
