/*
 * Terms: a *plan* is the nodes that wanted values need, numbered from the inputs on; its *inputs* are leaves (data at
 * hand), its *outputs* the wanted values; the *signature* is everything that decides the session, without the numbers;
 * a *session* is a plan made ready to run.
 */

import { InvalidInputError } from '@palate/core';
import type { Constant, GraphNode, LeafData, Value } from './graph.js';
import { encodeOnnx, type OnnxInitializer, type OnnxNode, type OnnxValue } from './onnx-encoder.js';

/** A graph chosen for computing: the nodes that the wanted values need, numbered from its inputs on. */
export interface Plan {
  readonly nodes: readonly GraphNode[];
  /** The leaves it reads, in the order of the session's inputs. */
  readonly inputs: readonly Value[];
  /** The distinct wanted values, in the order of the session's outputs. */
  readonly outputs: readonly Value[];
  /** Everything that decides the session: operations, wiring, constants, types and shapes of leaves, outputs. */
  readonly signature: Int32Array;
  readonly hash: number;
}

let epoch = 1;

/** Number of the element type in signatures. */
const TYPE_CODE: Readonly<Record<string, number>> = {
  float32: 1,
  int32: 2,
  bool: 3,
  int64: 4,
  uint8: 5,
  int8: 6,
  float64: 7,
  uint32: 8,
  uint64: 9,
};

/** Chooses and numbers the nodes that `wanted` needs. The same structure gives the same signature, always. */
export function planGraph(wanted: Iterable<Value>): Plan {
  epoch++;
  const nodes: GraphNode[] = [];
  const stack: GraphNode[] = [];
  const outputs: Value[] = [];
  for (const value of wanted) {
    if (value.epoch === epoch) continue;
    value.epoch = epoch;
    value.slot = -1;
    outputs.push(value);
    const node = value.source as GraphNode;
    if (node.epoch !== epoch) {
      node.epoch = epoch;
      stack.push(node);
    }
  }
  for (let node = stack.pop(); node; node = stack.pop()) {
    nodes.push(node);
    for (const input of node.inputs) {
      if (input?.from !== 'node') continue;
      const before = input.source as GraphNode;
      if (before.epoch === epoch) continue;
      before.epoch = epoch;
      stack.push(before);
    }
  }
  nodes.sort((a, b) => a.order - b.order);

  const inputs: Value[] = [];
  const words: number[] = [];
  let nextSlot = 1;
  epoch++;
  for (const node of nodes) {
    words.push(node.kind, node.inputs.length);
    for (const input of node.inputs) {
      if (!input) words.push(0);
      else if (input.from === 'constant') words.push(-(input.source as Constant).id);
      else {
        if (input.epoch !== epoch) {
          // Only leaves can come here unnumbered: nodes are in topological order.
          input.epoch = epoch;
          input.slot = nextSlot++;
          inputs.push(input);
          words.push(TYPE_CODE[input.type] ?? 0, input.shape.length, ...input.shape);
        }
        words.push(input.slot);
      }
    }
    for (const output of node.outputs) {
      output.epoch = epoch;
      output.slot = nextSlot++;
      // Types of outputs follow from the node except where a kernel chooses them (Cast has its attribute).
    }
  }
  words.push(-1, outputs.length);
  for (const output of outputs) words.push(output.slot);
  const signature = Int32Array.from(words);
  let hash = 0x811c9dc5;
  for (let i = 0; i < signature.length; i++) hash = Math.imul(hash ^ (signature[i] as number), 0x01000193);
  return { nodes, inputs, outputs, signature, hash: hash >>> 0 };
}

/** Names of a session's inputs and outputs, by position. */
export const inputName = (index: number): string => `in${index}`;
export const outputName = (index: number): string => `out${index}`;

/** Names of a plan's values in its session: inputs, outputs, and what flows between the nodes. */
export function planNames(
  { nodes, inputs, outputs }: Plan,
  { inputNames = [], outputNames = [] }: Pick<EncodeOptions, 'inputNames' | 'outputNames'> = {},
): Map<Value, string> {
  const names = new Map<Value, string>();
  inputs.forEach((value, index) => {
    names.set(value, inputNames[index] ?? inputName(index));
  });
  outputs.forEach((value, index) => {
    names.set(value, outputNames[index] ?? outputName(index));
  });
  nodes.forEach((node, nodeIndex) => {
    node.outputs.forEach((value, index) => {
      if (!names.has(value)) names.set(value, `v${nodeIndex}_${index}`);
    });
  });
  return names;
}

/** Name of a session's node, by position; ONNX Runtime's errors tell it. */
const nodeName = (index: number): string => `node_${index}`;

/** The node that an error of ONNX Runtime is about, if it names one. */
export function nodeNamedBy(plan: Plan, message: string): GraphNode | undefined {
  const [, index] = /\bnode_(\d+)\b/.exec(message) ?? [];
  return index === undefined ? undefined : plan.nodes[Number(index)];
}

/** Ways in which {@link encodePlan} may name and bake otherwise than for a session of this process. */
export interface EncodeOptions {
  readonly inputNames?: readonly string[];
  readonly outputNames?: readonly string[];
  /** Leaves to write into the file as constants, by position among the plan's inputs. */
  readonly baked?: ReadonlySet<number>;
  /** Symbolic shapes of inputs and outputs. */
  readonly inputShapes?: readonly (readonly (number | string)[])[];
  readonly outputShapes?: readonly (readonly (number | string)[])[];
  /** Nodes put in front, and names that stand for constants instead of the constants themselves. */
  readonly prelude?: readonly OnnxNode[];
  readonly preludeInitializers?: readonly OnnxInitializer[];
  readonly replacedConstants?: ReadonlyMap<string, string>;
  /** Writes standard operators only, for other runtimes than ONNX Runtime. */
  readonly standard?: boolean;
}

/** Writes a plan as an ONNX model. A constant's uses can be replaced by the key `node index:input index`. */
export function encodePlan(plan: Plan, options: EncodeOptions = {}): Uint8Array {
  const names = planNames(plan, options);
  const initializers = new Map<string, OnnxInitializer>();
  for (const extra of options.preludeInitializers ?? []) initializers.set(extra.name, extra);
  const inputs: OnnxValue[] = [];
  plan.inputs.forEach((value, index) => {
    const name = names.get(value) as string;
    if (options.baked?.has(index)) {
      const { values } = value.source as LeafData;
      initializers.set(name, {
        name,
        type: value.type,
        shape: value.shape,
        bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      });
    } else inputs.push({ name, type: value.type, shape: options.inputShapes?.[index] ?? value.shape });
  });
  const outputs: OnnxValue[] = plan.outputs.map((value, index) => ({
    name: names.get(value) as string,
    type: value.type,
    shape: options.outputShapes?.[index] ?? value.shape,
  }));
  const nodes: OnnxNode[] = [...(options.prelude ?? [])];
  plan.nodes.forEach((node, nodeIndex) => {
    const inputNames = node.inputs.map((value, inputIndex) => {
      if (!value) return '';
      if (value.from === 'constant') {
        const replaced = options.replacedConstants?.get(`${nodeIndex}:${inputIndex}`);
        if (replaced) return replaced;
        const { id, type, shape, bytes } = value.source as Constant;
        const name = `c${id}`;
        initializers.set(name, { name, type, shape, bytes });
        return name;
      }
      const name = names.get(value);
      if (name === undefined)
        throw new InvalidInputError({
          expected: 'every value of the graph to be numbered',
          received: `an unnumbered input of ${node.op}`,
          hint: 'Report it: this is a bug of @palate/tfjs-backend-ort.',
        });
      return name;
    });
    const outputNames = node.outputs.map((value) => names.get(value) as string);
    if (options.standard && node.op === 'FusedMatMul') {
      nodes.push(...plainMatMul(node, inputNames, outputNames));
      return;
    }
    nodes.push({
      op: node.op,
      name: nodeName(nodeIndex),
      inputs: inputNames,
      outputs: outputNames,
      attributes: node.attributes,
      domain: node.domain ? node.domain : undefined,
    });
  });
  return encodeOnnx({ name: 'palate', nodes, initializers: [...initializers.values()], inputs, outputs });
}

/** ONNX Runtime's product with transposition, in standard operators. */
function plainMatMul(node: GraphNode, inputs: readonly string[], outputs: readonly string[]): OnnxNode[] {
  const nodes: OnnxNode[] = [];
  const operands = inputs.map((name, index) => {
    if (node.attributes[index === 0 ? 'transA' : 'transB'] !== 1) return name;
    const perm = (node.inputs[index] as Value).shape.map((_, axis) => axis);
    perm.splice(-2, 2, perm.length - 1, perm.length - 2);
    const transposed = `${outputs[0]}_transposed${index}`;
    nodes.push({ op: 'Transpose', inputs: [name], outputs: [transposed], attributes: { perm } });
    return transposed;
  });
  nodes.push({ op: 'MatMul', inputs: operands, outputs });
  return nodes;
}
