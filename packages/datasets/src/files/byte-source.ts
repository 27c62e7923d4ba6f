import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InvalidInputError, ParseError } from '@palate/core';
import { openZipEntry } from './zip-entry.js';
import { isZstd, unpackZstd } from './zstd-frames.js';

/** How a file is packed, by its first bytes, whatever its name. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'zip';

/** A file's unpacked bytes in UTF-8, chunk by chunk. */
export interface ByteSource {
  readonly compression: Compression;
  /** Size of the file as it lies there. */
  readonly size: number;
  /** Bytes of the file that were read so far, packed. */
  readonly consumed: () => number;
  readonly chunks: AsyncIterable<Buffer>;
}

const CHUNK = 1 << 20;

/** First bytes of packed forms that no library here reads, with the program that unpacks them. */
const UNREAD: readonly { readonly magic: readonly number[]; readonly what: string; readonly hint: string }[] =
  [
    { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], what: 'an xz file', hint: 'Unpack it first: xz -d FILE' },
    { magic: [0x42, 0x5a, 0x68], what: 'a bzip2 file', hint: 'Unpack it first: bzip2 -d FILE' },
    {
      magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c],
      what: 'a 7-Zip archive',
      hint: 'Unpack it first: 7z x FILE',
    },
    {
      magic: [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07],
      what: 'a RAR archive',
      hint: 'Unpack it first: unrar x FILE',
    },
    { magic: [0x89, 0x48, 0x44, 0x46], what: 'an HDF5 file', hint: 'Export the table as CSV or Parquet.' },
    { magic: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old Excel file', hint: 'Export the sheet as CSV.' },
    { magic: [0x80, 0x04, 0x95], what: 'a Python pickle', hint: 'Export the table as CSV or Parquet.' },
  ];

/** Tells how a file is packed by its first bytes. */
export function compressionOf(head: Buffer): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (isZstd(head)) return 'zstd';
  return startsWith(head, [0x50, 0x4b, 0x03, 0x04]) ? 'zip' : 'none';
}

const startsWith = (head: Buffer, magic: readonly number[]): boolean =>
  magic.every((byte, k) => head[k] === byte);

/**
 * Opens a text file for reading: plain, gzip, Zstandard, or the one data file of a zip archive.
 *
 * @param encoding - a label of the Encoding Standard (`'latin1'`, `'windows-1252'`, `'utf-16le'`, `'gb18030'`);
 *   left out: UTF-8 that is passed on unchecked, or UTF-16 where a byte-order mark says so
 * @throws ParseError if there is no such file, it is a folder, empty, or packed in a way that is not read here
 * @throws InvalidInputError for an encoding that is not known
 */
export async function openBytes(path: string, encoding?: string): Promise<ByteSource> {
  const { size, head } = await inspect(path);
  let consumed = 0;
  // Counting by an event would set the stream flowing before it is read.
  const counted = async function* (stream: Readable): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      consumed += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  };
  const compression = compressionOf(head);
  let chunks: AsyncIterable<Buffer>;
  if (compression === 'gzip') {
    const file = createReadStream(path, { highWaterMark: CHUNK });
    file.on('data', (chunk) => {
      consumed += chunk.length;
    });
    const unpacked = createGunzip({ chunkSize: CHUNK });
    // pipe() does not carry errors over; without this a vanished file would leave the reader waiting.
    file.on('error', (error) => unpacked.destroy(error));
    unpacked.on('close', () => file.destroy());
    chunks = file.pipe(unpacked);
  } else if (compression === 'zstd') {
    chunks = unpackZstd(counted(createReadStream(path, { highWaterMark: CHUNK >> 2 })));
  } else if (compression === 'zip') {
    chunks = counted(await openZipEntry(path));
  } else {
    chunks = counted(createReadStream(path, { highWaterMark: CHUNK }));
  }
  return {
    compression,
    size,
    consumed: () => Math.min(consumed, size),
    chunks: toUtf8(path, damagedAsParseError(path, compression, chunks), encoding),
  };
}

/**
 * Size and first bytes of a text file, which show how it is compressed.
 *
 * @throws ParseError for what cannot be read here, and for Parquet
 */
export async function inspect(path: string): Promise<{ size: number; head: Buffer }> {
  const refuse = (expected: string, received: string, hint: string, cause?: unknown): ParseError =>
    new ParseError({ file: path, line: 1, column: 1 }, { expected, received, hint, cause });
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw refuse(
      'a readable file',
      cause.code === 'ENOENT' ? 'nothing there' : cause.message,
      'Check the path.',
      cause,
    );
  });
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) throw refuse('a file', 'a folder', 'Give the path of the file itself.');
    const head = Buffer.alloc(16);
    await handle.read(head, 0, 16, 0);
    const unread = UNREAD.find(({ magic }) => startsWith(head, magic));
    if (unread)
      throw refuse(
        'a plain file, or one compressed with gzip, zstd or zip',
        unread.what,
        unread.hint.replace('FILE', path),
      );
    if (startsWith(head, [0x50, 0x41, 0x52, 0x31]))
      throw refuse('text', 'a Parquet file', "Read it with loadTable and format 'parquet'.");
    return { size: stats.size, head };
  } finally {
    await handle.close();
  }
}

/** Passes a stream on; what its unpacker throws becomes an error that names the file. */
async function* damagedAsParseError(
  path: string,
  compression: Compression,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of chunks) yield chunk;
  } catch (cause) {
    if (ParseError.is(cause)) throw cause;
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: compression === 'none' ? 'a readable file' : `a complete ${compression} file`,
        received: (cause as Error).message,
        hint: 'Copy or download the file again.',
        cause,
      },
    );
  }
}

async function* toUtf8(
  path: string,
  chunks: AsyncIterable<Buffer>,
  encoding: string | undefined,
): AsyncGenerator<Buffer> {
  let decoder = encoding === undefined ? undefined : decoderOf(encoding);
  let isFirst = true;
  const decode = (chunk: Buffer | undefined): Buffer => {
    try {
      return Buffer.from(decoder?.decode(chunk, { stream: chunk !== undefined }) ?? '');
    } catch (cause) {
      throw new ParseError(
        { file: path, line: 1, column: 1 },
        {
          expected: `text in ${decoder?.encoding}`,
          received: 'other bytes',
          hint: 'Pass the encoding that the file was written in.',
          cause,
        },
      );
    }
  };
  for await (const chunk of chunks) {
    if (isFirst && chunk.length > 0) {
      isFirst = false;
      if (!decoder && chunk[0] === 0xff && chunk[1] === 0xfe) decoder = decoderOf('utf-16le');
      if (!decoder && chunk[0] === 0xfe && chunk[1] === 0xff) decoder = decoderOf('utf-16be');
    }
    if (!decoder && chunk.includes(0)) throw noText(path, chunk);
    yield decoder ? decode(chunk) : chunk;
  }
  if (decoder) yield decode(undefined);
}

/** The error for bytes of zero, which UTF-8 text does not hold. */
function noText(path: string, chunk: Buffer): ParseError {
  const share = (from: number): number => {
    let zeros = 0;
    const end = Math.min(chunk.length, 4096);
    for (let at = from; at < end; at += 2) if (chunk[at] === 0) zeros++;
    return zeros / Math.max(1, Math.ceil((end - from) / 2));
  };
  const isTar = chunk.toString('latin1', 257, 262) === 'ustar';
  // In UTF-16 every other byte of digits, delimiters and Latin letters is zero.
  const [even, odd] = [share(0), share(1)];
  const utf16 = odd > 0.3 && even < 0.1 ? 'utf-16le' : even > 0.3 && odd < 0.1 ? 'utf-16be' : undefined;
  return new ParseError(
    { file: path, line: 1, column: 1 },
    {
      expected: 'text in UTF-8',
      received: isTar
        ? 'a tar archive'
        : utf16
          ? `what seems to be UTF-16 without a byte-order mark`
          : 'zero bytes, which no text contains',
      hint: isTar
        ? `Unpack it first: tar -xf ${path}`
        : utf16
          ? `Pass encoding: '${utf16}'.`
          : "Pass the encoding of the file, or clean it: tr -d '\\0'.",
    },
  );
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    const decoder = new TextDecoder(label, { fatal: true });
    // Plain UTF-8 is checked where ids and texts are made, so that numbers need no copy.
    return decoder.encoding === 'utf-8' ? undefined : decoder;
  } catch (cause) {
    throw new InvalidInputError({
      expected: "encoding to be a label of the Encoding Standard, such as 'utf-8', 'latin1' or 'utf-16le'",
      received: JSON.stringify(label),
      hint: 'Ask the file with the command: file --mime-encoding FILE',
      cause,
    });
  }
}
