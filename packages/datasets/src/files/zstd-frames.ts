import { Decompress } from 'fzstd';
import xxhash from 'xxhash-wasm';

/** Largest block that the format allows, packed or not. */
const LARGEST_BLOCK = 1 << 17;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;

/** Whether a file begins with a frame of Zstandard, also with one that is stepped over (as pzstd writes them). */
export function isZstd(head: Uint8Array): boolean {
  const [a, b, c, d] = head;
  if (a === undefined) return false;
  return (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) || isSkippable(head);
}

const isSkippable = ([a = 0, b, c, d]: Uint8Array): boolean =>
  (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18;

/**
 * Unpacks a Zstandard stream frame by frame (RFC 8878) and compares each frame's size and checksum, which the unpacking
 * library does not.
 *
 * @throws Error if the stream is cut, or a size or checksum differs
 */
export async function* unpackZstd(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { create64 } = await xxhash();
  const source = new ByteQueue(stream);
  for (let magic = await source.take(4, true); magic.length > 0; magic = await source.take(4, true)) {
    if (isSkippable(magic)) {
      let left = (await source.take(4)).readUInt32LE(0);
      for (; left > 0; left -= Math.min(left, LARGEST_BLOCK))
        await source.take(Math.min(left, LARGEST_BLOCK));
      continue;
    }
    if (!isZstd(magic)) throw new Error('bytes after the last frame that are not a zstd frame');
    const descriptor = (await source.take(1))[0]!;
    const isSingle = ((descriptor >> 5) & 1) === 1;
    const sizeBytes = CONTENT_SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3] || (isSingle ? 1 : 0);
    const dictionaryBytes = DICTIONARY_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
    const rest = await source.take((isSingle ? 0 : 1) + dictionaryBytes + sizeBytes);
    const ready: Buffer[] = [];
    const hash = create64();
    let length = 0;
    const unpack = new Decompress((piece) => {
      if (piece.length === 0) return;
      hash.update(piece);
      length += piece.length;
      ready.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    });
    unpack.push(Buffer.concat([magic, Uint8Array.of(descriptor), rest]));
    for (let isLast = false; !isLast; ) {
      const header = await source.take(3);
      const fields = header.readUIntLE(0, 3);
      isLast = (fields & 1) === 1;
      const kind = (fields >> 1) & 3;
      const size = fields >> 3;
      if (kind === 3 || size > LARGEST_BLOCK) throw new Error('a block of an unknown kind or size');
      unpack.push(Buffer.concat([header, await source.take(kind === 1 ? 1 : size)]));
      yield* ready.splice(0);
    }
    const checksum = (descriptor & 4) === 0 ? Buffer.alloc(0) : await source.take(4);
    unpack.push(checksum, true);
    yield* ready.splice(0);
    const told = rest.subarray(rest.length - sizeBytes);
    if (sizeBytes > 0 && contentSize(told) !== BigInt(length))
      throw new Error(`the frame declares ${contentSize(told)} bytes, and holds ${length}`);
    if (checksum.length > 0 && checksum.readUInt32LE(0) !== Number(hash.digest() & 0xffff_ffffn))
      throw new Error('the checksum of the unpacked data differs');
  }
}

/** Size of a frame's content; two bytes count from 256. */
function contentSize(bytes: Buffer): bigint {
  if (bytes.length === 8) return bytes.readBigUInt64LE(0);
  return BigInt(bytes.readUIntLE(0, bytes.length) + (bytes.length === 2 ? 256 : 0));
}

/** Hands a stream out in pieces of wanted lengths. */
class ByteQueue {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** @param mayEnd - give nothing where the stream has ended before; its end is an error otherwise */
  async take(count: number, mayEnd = false): Promise<Buffer> {
    const pieces: Buffer[] = [this.#held];
    let length = this.#held.length;
    while (length < count) {
      const next = await this.#chunks.next();
      if (next.done) {
        if (mayEnd && length === 0) return Buffer.alloc(0);
        throw new Error('unexpected end of the zstd stream');
      }
      pieces.push(next.value);
      length += next.value.length;
    }
    const all = pieces.length === 1 ? this.#held : Buffer.concat(pieces, length);
    this.#held = all.subarray(count);
    return all.subarray(0, count);
  }
}
