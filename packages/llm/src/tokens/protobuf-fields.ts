/** A field of a message in the wire format of Protocol Buffers. */
export interface ProtobufField {
  readonly number: number;
  /** A number for varints; the bytes of everything else, four or eight for numbers of fixed size. */
  readonly value: number | Uint8Array;
}

const VARINT = 0;
const EIGHT_BYTES = 1;
const DELIMITED = 2;
const FOUR_BYTES = 5;

/**
 * Reads the fields of a message, in order; nested messages and texts are bytes.
 *
 * @throws RangeError if the bytes are no message
 */
export function fieldsOf(bytes: Uint8Array): ProtobufField[] {
  const fields: ProtobufField[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError(`a number that ends at byte ${bytes.length}`);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError(`a number of more than ten bytes at byte ${at}`);
  };
  const take = (size: number): Uint8Array => {
    if (size > bytes.length - at)
      throw new RangeError(`a field of ${size} bytes at byte ${at} of ${bytes.length}`);
    at += size;
    return bytes.subarray(at - size, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const type = key % 8;
    if (type === VARINT) fields.push({ number, value: varint() });
    else if (type === DELIMITED) fields.push({ number, value: take(varint()) });
    else if (type === EIGHT_BYTES || type === FOUR_BYTES)
      fields.push({ number, value: take(type === FOUR_BYTES ? 4 : 8) });
    else throw new RangeError(`a field of type ${type} at byte ${at}`);
  }
  return fields;
}
