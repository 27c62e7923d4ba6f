import { ArtifactError, type TensorData } from '@palate/core';

/** A field of a protocol buffer: a number, or bytes. */
interface Field {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array | undefined;
}

/** Part of an ONNX file: nodes with their inputs and outputs, and constants by name. */
export interface OnnxWeights {
  readonly nodes: readonly {
    readonly type: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  }[];
  readonly constants: ReadonlyMap<string, TensorData>;
}

const FLOAT = 1;

/** Reads the fields of one message; throws a RangeError where it is cut. */
function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = view.getUint8(at++);
      value += (byte & 127) * 2 ** (7 * shift);
      if (byte < 128) return value;
    }
    throw new RangeError('a number of more than ten bytes');
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        yield { number, value: varint(), bytes: undefined };
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = varint();
        if (length > bytes.length - at) throw new RangeError('a field that is longer than its message');
        yield { number, value: 0, bytes: bytes.subarray(at, at + length) };
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        throw new RangeError(`a field of kind ${key % 8}`);
    }
  }
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');

/** A constant of 32-bit floats that lies in the file; undefined for others. */
function constantOf(bytes: Uint8Array): { readonly name: string; readonly tensor: TensorData | undefined } {
  const shape: number[] = [];
  let [type, name] = [0, ''];
  let raw: Uint8Array | undefined;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1 && field.bytes)
      for (let at = 0, value = 0, shift = 0; at < field.bytes.length; at++) {
        const byte = field.bytes[at] as number;
        value += (byte & 127) * 2 ** (7 * shift++);
        if (byte >= 128) continue;
        shape.push(value);
        [value, shift] = [0, 0];
      }
    else if (field.number === 1) shape.push(field.value);
    else if (field.number === 2) type = field.value;
    else if (field.number === 8) name = text(field.bytes);
    // Field 4 holds floats one by one, field 9 as they lie in memory; both are little-endian.
    else if (field.number === 4 || field.number === 9) raw = field.bytes;
  }
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (type !== FLOAT || raw?.length !== 4 * size) return { name, tensor: undefined };
  return { name, tensor: { shape, values: new Float32Array(Uint8Array.from(raw).buffer) } };
}

/**
 * Reads the constants of an ONNX file and what they are used for.
 *
 * @param source - what the message names
 * @throws ArtifactError if it is no such file, or cut
 */
export function readOnnxWeights(bytes: Uint8Array, source: string): OnnxWeights {
  const nodes: OnnxWeights['nodes'][number][] = [];
  const constants = new Map<string, TensorData>();
  try {
    for (const model of fieldsOf(bytes)) {
      if (model.number !== 7 || !model.bytes) continue;
      for (const part of fieldsOf(model.bytes)) {
        if (part.number === 5 && part.bytes) {
          const { name, tensor } = constantOf(part.bytes);
          if (tensor) constants.set(name, tensor);
        } else if (part.number === 1 && part.bytes) {
          const [inputs, outputs]: [string[], string[]] = [[], []];
          let type = '';
          for (const field of fieldsOf(part.bytes))
            if (field.number === 1) inputs.push(text(field.bytes));
            else if (field.number === 2) outputs.push(text(field.bytes));
            else if (field.number === 4) type = text(field.bytes);
          nodes.push({ type, inputs, outputs });
        }
      }
    }
  } catch (cause) {
    throw new ArtifactError(source, {
      expected: 'an ONNX file',
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'Copy the file again.',
      cause,
    });
  }
  if (constants.size === 0)
    throw new ArtifactError(source, {
      expected: 'an ONNX file with weights of 32-bit floats in it',
      received: 'none',
      hint: 'Export the model in fp32, with its weights inside the file.',
    });
  return { nodes, constants };
}
