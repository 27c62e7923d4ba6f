import { open, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ParseError } from '@palate/core';
import { openBytes } from '../files/byte-source.js';
import type { TableFormat } from './table-columns.js';

/** A file of a table, with what the names of its folders say. */
export interface Part {
  readonly path: string;
  /** Values of partition columns: `user=1/part-0.parquet`. */
  readonly partition: Readonly<Record<string, string | null>>;
}

/** A part of a table that cannot be read in a folder: left out in silence it would be missing. */
const UNREAD_PART = /\.(?:parquet|csv|tsv|jsonl|ndjson|json)\.(?:xz|bz2|zip|7z|lz4|lzo|snappy|br|z|rar)$/i;

/** The files of a table: itself, or the parts of a folder by name, as Spark, Hive, Dask and pandas write them. */
export async function partsOf(path: string): Promise<Part[]> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isDirectory()) return [{ path, partition: {} }];
  const found: Part[] = [];
  const walk = async (folder: string): Promise<void> => {
    const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    for (const entry of entries) {
      if (/^[._]/.test(entry.name)) continue;
      const full = join(folder, entry.name);
      if (entry.isDirectory()) await walk(full);
      else if (UNREAD_PART.test(entry.name))
        throw new ParseError(
          { file: full, line: 1, column: 1 },
          {
            expected: 'parts that are plain, or compressed with gzip or zstd',
            received: 'one that is compressed in another way',
            hint: 'Unpack it first; nothing of the folder was read.',
          },
        );
      else if (/\.(parquet|csv|tsv|jsonl|ndjson|json)(\.(gz|zst))?$/i.test(entry.name)) {
        const partition: Record<string, string | null> = {};
        for (const step of relative(path, full).split(sep).slice(0, -1)) {
          const match = /^([^=]+)=(.*)$/.exec(step);
          if (match?.[1] !== undefined) partition[decoded(match[1])] = partitionValue(match[2] ?? '');
        }
        found.push({ path: full, partition });
      }
    }
  };
  await walk(path);
  // Spark writes a file without a byte for a partition without rows.
  const sizes = await Promise.all(found.map(async (part) => (await stat(part.path)).size));
  const filled = found.filter((_, k) => sizes[k] !== 0);
  const parts = filled.length > 0 ? filled : found;
  const kinds = new Set(
    parts.map(({ path: part }) => /\.([a-z]+)(?:\.(?:gz|zst))?$/i.exec(part)?.[1]?.toLowerCase()),
  );
  if (parts.length === 0 || kinds.size > 1)
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: 'a file, or a folder of parts of one kind (.parquet, .csv, .tsv, .jsonl)',
        received:
          parts.length === 0 ? 'a folder without one' : `a folder with ${[...kinds].join(', ')} files`,
        hint: 'Give the path of the file itself, or a folder that holds one table only.',
      },
    );
  return parts;
}

const partitionValue = (text: string): string | null =>
  text === '__HIVE_DEFAULT_PARTITION__' ? null : decoded(text);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The format of a table by its first bytes and its name. */
export async function sniffFormat(path: string, encoding?: string): Promise<TableFormat> {
  const first = (await partsOf(path))[0]?.path ?? path;
  const name = first.toLowerCase().replace(/\.(gz|zst|zip)$/, '');
  if (name.endsWith('.parquet') || (await hasParquetMagic(first))) return 'parquet';
  if (/\.(jsonl|ndjson|json)$/.test(name)) return 'jsonl';
  if (/\.(tsv|tab|inter)$/.test(name)) return 'tsv';
  if (name.endsWith('.csv')) return 'csv';
  const text = (await peek(first, encoding)).trimStart();
  if (/^[{[]/.test(text)) return 'jsonl';
  return /^[^\n]*\t/.test(text) ? 'tsv' : 'csv';
}

async function hasParquetMagic(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return false;
  try {
    const magic = Buffer.alloc(4);
    await handle.read(magic, 0, 4, 0);
    return magic.toString('latin1') === 'PAR1';
  } finally {
    await handle.close();
  }
}

/** The beginning of a text file, unpacked. */
async function peek(path: string, encoding?: string): Promise<string> {
  const source = await openBytes(path, encoding);
  for await (const chunk of source.chunks) if (chunk.length > 0) return chunk.toString('utf8', 0, 1 << 16);
  return '';
}
