import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { ParseError } from '@palate/core';
import yauzl, { type Entry, type ZipFile } from 'yauzl';

const openZip = promisify<string, yauzl.Options, ZipFile>(yauzl.open);

/** Folders, and what operating systems and packers add beside the data. */
const isBeside = (name: string): boolean =>
  name.endsWith('/') || /(^|\/)(__MACOSX\/|\.|readme|licen[cs]e)/i.test(name);

/**
 * Opens the one data file of a zip archive; a read-me or a licence may lie beside it.
 *
 * @throws ParseError if the archive is damaged, encrypted, or holds several files
 */
export async function openZipEntry(path: string): Promise<Readable> {
  const refuse = (expected: string, received: string, hint: string, cause?: unknown): ParseError =>
    new ParseError({ file: path, line: 1, column: 1 }, { expected, received, hint, cause });
  const damaged = (cause: unknown): ParseError =>
    refuse('a complete zip archive', (cause as Error).message, 'Copy or download the file again.', cause);
  const zip = await openZip(path, { lazyEntries: true, autoClose: false }).catch((cause: unknown) => {
    throw damaged(cause);
  });
  try {
    const entries = (
      await listEntries(zip).catch((cause: unknown) => {
        throw damaged(cause);
      })
    ).filter(({ fileName }) => !isBeside(fileName));
    const [entry, ...others] = entries;
    if (!entry || others.length > 0)
      throw refuse(
        'one data file in the zip archive',
        entry ? `${entries.length}: ${entries.map(({ fileName }) => fileName).join(', ')}` : 'none',
        'Unpack the archive and give the file or folder.',
      );
    const stream = await new Promise<Readable>((resolve, reject) =>
      zip.openReadStream(entry, (error, opened) => (error ? reject(damaged(error)) : resolve(opened))),
    );
    stream.on('close', () => zip.close());
    return Readable.from(verified(stream, entry.crc32));
  } catch (error) {
    zip.close();
    throw error;
  }
}

/** Passes an entry's bytes on and compares their checksum at the end: the library compares sizes only. */
async function* verified(stream: Readable, expected: number): AsyncGenerator<Buffer> {
  let sum = 0;
  for await (const chunk of stream) {
    sum = crc32(chunk as Buffer, sum);
    yield chunk as Buffer;
  }
  if (sum !== expected) throw new Error('the checksum of the unpacked data differs');
}

function listEntries(zip: ZipFile): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      // More than anybody reads from one archive: what is listed would be a message of its own.
      if (entries.length > 1000) return resolve(entries);
      zip.readEntry();
    });
    zip.on('end', () => resolve(entries));
    zip.on('error', reject);
    zip.readEntry();
  });
}
