/**
 * Writes ONNX models (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) as protocol-buffer bytes: the small
 * part of the format that graphs of tensors need.
 */

/** Element types by their number in `TensorProto.DataType`. */
export const ONNX_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;

/** Name of an element type. */
export type OnnxType = keyof typeof ONNX_TYPES;

/** An attribute of a node; whole numbers are written as integers unless wrapped in `{ float }`. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] };

/** One operation. */
export interface OnnxNode {
  readonly op: string;
  /** Names the node in error messages. */
  readonly name?: string;
  /** Names of values; `''` leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** For operators outside the standard, for example `'com.microsoft'`. */
  readonly domain?: string | undefined;
}

/** A constant of the graph. */
export interface OnnxInitializer {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Little-endian values. */
  readonly bytes: Uint8Array;
}

/** An input or output of the graph; a text extent is a symbolic dimension. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly (number | string)[];
}

/** A graph to be written. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers?: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Version of the standard operators. Default 18. */
  readonly opset?: number;
}

/** A growing buffer of protocol-buffer fields. */
class ProtoWriter {
  #bytes = Buffer.allocUnsafe(4096);
  #length = 0;

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const wider = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(wider, 0, 0, this.#length);
    this.#bytes = wider;
  }

  /** Base-128 varint; negative numbers as 64-bit two's complement. */
  #varint(value: number): void {
    this.#reserve(10);
    if (value < 0 || !Number.isSafeInteger(value)) {
      let rest = BigInt.asUintN(64, BigInt(value));
      while (rest >= 0x80n) {
        this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
        rest >>= 7n;
      }
      this.#bytes[this.#length++] = Number(rest);
      return;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  integer(field: number, value: number): this {
    this.#varint(field * 8);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint(field * 8 + 5);
    this.#reserve(4);
    this.#length = this.#bytes.writeFloatLE(value, this.#length);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, fill: (writer: ProtoWriter) => unknown): this {
    const inner = new ProtoWriter();
    fill(inner);
    return this.bytes(field, inner.finish());
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Numbers of `AttributeProto.AttributeType`. */
const ATTRIBUTE_TYPE = { float: 1, integer: 2, text: 3, floats: 6, integers: 7 } as const;

function writeAttribute(writer: ProtoWriter, name: string, value: OnnxAttribute): void {
  writer.text(1, name);
  if (typeof value === 'number') writer.integer(3, value).integer(20, ATTRIBUTE_TYPE.integer);
  else if (typeof value === 'string') writer.text(4, value).integer(20, ATTRIBUTE_TYPE.text);
  else if ('float' in value) writer.float(2, value.float).integer(20, ATTRIBUTE_TYPE.float);
  else if ('floats' in value) {
    for (const each of value.floats) writer.float(7, each);
    writer.integer(20, ATTRIBUTE_TYPE.floats);
  } else {
    for (const each of value) writer.integer(8, each);
    writer.integer(20, ATTRIBUTE_TYPE.integers);
  }
}

function writeValue(writer: ProtoWriter, { name, type, shape }: OnnxValue): void {
  writer.text(1, name).message(2, (typeProto) =>
    typeProto.message(1, (tensor) => {
      tensor.integer(1, ONNX_TYPES[type]).message(2, (shapeProto) => {
        for (const extent of shape)
          shapeProto.message(1, (dimension) =>
            typeof extent === 'number' ? dimension.integer(1, extent) : dimension.text(2, extent),
          );
      });
    }),
  );
}

/**
 * Writes a graph as an ONNX model of IR version 8.
 *
 * @returns the bytes of an `.onnx` file
 */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  const domains = new Set(graph.nodes.map((node) => node.domain ?? ''));
  domains.add('');
  const model = new ProtoWriter();
  model.integer(1, 8).text(2, 'palate');
  model.message(7, (writer) => {
    for (const node of graph.nodes)
      writer.message(1, (each) => {
        for (const input of node.inputs) each.text(1, input);
        for (const output of node.outputs) each.text(2, output);
        if (node.name) each.text(3, node.name);
        each.text(4, node.op);
        for (const [name, value] of Object.entries(node.attributes ?? {}))
          each.message(5, (attribute) => writeAttribute(attribute, name, value));
        if (node.domain) each.text(7, node.domain);
      });
    writer.text(2, graph.name);
    for (const { name, type, shape, bytes } of graph.initializers ?? [])
      writer.message(5, (tensor) => {
        for (const extent of shape) tensor.integer(1, extent);
        tensor.integer(2, ONNX_TYPES[type]).text(8, name).bytes(9, bytes);
      });
    for (const input of graph.inputs) writer.message(11, (value) => writeValue(value, input));
    for (const output of graph.outputs) writer.message(12, (value) => writeValue(value, output));
  });
  for (const domain of [...domains].sort())
    model.message(8, (opset) => {
      if (domain !== '') opset.text(1, domain);
      opset.integer(2, domain === '' ? (graph.opset ?? 18) : 1);
    });
  return model.finish();
}
