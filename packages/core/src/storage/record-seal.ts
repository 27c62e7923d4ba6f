import { crc32 } from 'node:zlib';

/** Marks a sealed record: what was written before there were checksums begins otherwise. */
const SEAL = Buffer.from('PLT1', 'latin1');
const HEAD = 8;

/**
 * The bytes under which a value is stored: a mark, the CRC-32 of what follows, the length of the key, the key, the
 * value. The key is part of it, so that a value is never taken for that of another key.
 */
export function sealRecord(key: string, value: Uint8Array): Buffer {
  const name = Buffer.from(key, 'utf8');
  const sealed = Buffer.alloc(HEAD + 4 + name.length + value.length);
  SEAL.copy(sealed);
  sealed.writeUInt32LE(name.length, HEAD);
  name.copy(sealed, HEAD + 4);
  sealed.set(value, HEAD + 4 + name.length);
  sealed.writeUInt32LE(crc32(sealed.subarray(HEAD)), 4);
  return sealed;
}

/** Tells whether bytes bear the mark of a sealed record. */
export function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= HEAD + 4 && SEAL.equals(bytes.subarray(0, 4));
}

/**
 * The key and the value of a sealed record.
 *
 * @returns undefined if its checksum does not fit
 */
export function unsealRecord(bytes: Buffer): { readonly key: string; readonly value: Buffer } | undefined {
  if (!isSealed(bytes) || crc32(bytes.subarray(HEAD)) !== bytes.readUInt32LE(4)) return undefined;
  const end = HEAD + 4 + bytes.readUInt32LE(HEAD);
  return { key: bytes.toString('utf8', HEAD + 4, end), value: bytes.subarray(end) };
}

/** CRC-32 of a text, as eight hexadecimal digits. */
export function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
