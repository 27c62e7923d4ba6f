import { InvalidInputError } from '../basics/errors.js';
import { isObject } from '../basics/options.js';

/** Values of a tensor; 16-bit floats of a file are widened to Float32Array. */
export type TensorValues = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** A named tensor's shape and values, row-major. */
export interface TensorData {
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Bytes of a value by safetensors type. */
const TYPE_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U8: 1,
  BOOL: 1,
};

function refuse(received: string): never {
  throw new InvalidInputError({
    expected: 'a safetensors file',
    received,
    hint: 'The file is damaged or of another format: download or write it again.',
  });
}

function typeOf(values: TensorValues): string {
  if (values instanceof Float32Array) return 'F32';
  if (values instanceof Float64Array) return 'F64';
  if (values instanceof Int32Array) return 'I32';
  if (values instanceof BigInt64Array) return 'I64';
  return 'U8';
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/**
 * Writes tensors in the safetensors format (HuggingFace): an 8-byte little-endian header length, a JSON
 * header, the values. Tensors are laid out by name, so equal contents give equal bytes.
 *
 * @param metadata - strings kept under `__metadata__`
 * @throws InvalidInputError if a shape does not fit its values
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, TensorData>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const names = Object.keys(tensors).sort();
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const name of names) {
    const { shape, values } = tensors[name]!;
    if (elements(shape) !== values.length)
      throw new InvalidInputError({
        expected: `${elements(shape)} values for the tensor ${name} of shape [${shape.join(', ')}]`,
        received: String(values.length),
        hint: 'Pass as many values as the extents of the shape multiply to.',
      });
    header[name] = { dtype: typeOf(values), shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8);
  const head = Buffer.from(text, 'utf8');
  const file = new Uint8Array(8 + head.length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(head.length), true);
  file.set(head, 8);
  let at = 8 + head.length;
  for (const name of names) {
    const { values } = tensors[name]!;
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file. `F16` and `BF16` become Float32Array; `BOOL` becomes Uint8Array of 0 and 1.
 *
 * @throws InvalidInputError if the bytes are not a complete safetensors file
 */
export function decodeSafetensors(file: Uint8Array): {
  tensors: Record<string, TensorData>;
  metadata: Record<string, string>;
} {
  if (file.length < 8) refuse(`${file.length} bytes`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headBytes = Number(view.getBigUint64(0, true));
  if (headBytes > file.length - 8) refuse(`a header of ${headBytes} bytes in a file of ${file.length}`);
  const header = readHeader(file, headBytes);
  const start = 8 + headBytes;
  const entries: [string, HeaderEntry][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') metadata = checkMetadata(entry);
    else entries.push([name, checkEntry(name, entry)]);
  }
  // Values lie one behind the other without holes, as the format says: a forged file cannot name the same bytes often.
  let end = 0;
  for (const [name, { data_offsets: range }] of [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  )) {
    if (range[0] !== end) refuse(`values of ${name} from byte ${range[0]}, where ${end} is the next`);
    end = range[1];
  }
  if (start + end !== file.length)
    refuse(`${file.length - start} bytes of values, where tensors take ${end}`);
  const tensors: Record<string, TensorData> = {};
  for (const [name, { dtype, shape, data_offsets: range }] of entries)
    tensors[name] = {
      shape: [...shape],
      values: decodeValues(new Uint8Array(file.subarray(start + range[0], start + range[1])), dtype),
    };
  return { tensors, metadata };
}

function readHeader(file: Uint8Array, bytes: number): object {
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(file.buffer, file.byteOffset + 8, bytes).toString('utf8'));
  } catch (cause) {
    throw new InvalidInputError({
      expected: 'a safetensors file with a JSON header',
      received: cause instanceof Error ? cause.message.slice(0, 200) : 'another header',
      hint: 'The file is damaged or of another format: download or write it again.',
      cause,
    });
  }
  if (!isObject(header)) refuse('a header that is not an object');
  return header;
}

function checkMetadata(entry: unknown): Record<string, string> {
  if (
    typeof entry !== 'object' ||
    entry === null ||
    Object.values(entry).some((value) => typeof value !== 'string')
  )
    refuse('metadata that is not an object of texts');
  return entry as Record<string, string>;
}

function checkEntry(name: string, entry: unknown): HeaderEntry {
  const { dtype, shape, data_offsets: range } = (entry ?? {}) as Partial<HeaderEntry>;
  if (name === '__proto__') refuse('a tensor with a reserved name');
  const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const width = typeof dtype === 'string' && Object.hasOwn(TYPE_BYTES, dtype) ? TYPE_BYTES[dtype] : undefined;
  if (dtype === undefined || width === undefined) refuse(`the type ${JSON.stringify(dtype)} for ${name}`);
  if (!Array.isArray(shape) || !shape.every(whole)) refuse(`no shape for ${name}`);
  if (!Array.isArray(range) || range.length !== 2 || !range.every(whole))
    refuse(`no offsets of values for ${name}`);
  const [from = 0, to = 0] = range;
  if (to - from !== elements(shape) * width)
    refuse(`${to - from} bytes for ${name} of shape [${shape.join(', ')}] and type ${dtype}`);
  return { dtype, shape, data_offsets: [from, to] };
}

function decodeValues(bytes: Uint8Array, dtype: string): TensorValues {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes.buffer);
    case 'F64':
      return new Float64Array(bytes.buffer);
    case 'I32':
      return new Int32Array(bytes.buffer);
    case 'I64':
      return new BigInt64Array(bytes.buffer);
    case 'BF16': {
      const bits = new Uint32Array(bytes.length / 2);
      const half = new Uint16Array(bytes.buffer);
      for (let k = 0; k < half.length; k++) bits[k] = half[k]! << 16;
      return new Float32Array(bits.buffer);
    }
    case 'F16':
      return Float32Array.from(new Uint16Array(bytes.buffer), widenHalf);
    default:
      return bytes;
  }
}

/** IEEE 754 binary16 bits to a number. */
function widenHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
