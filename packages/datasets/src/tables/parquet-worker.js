/**
 * Reads a Parquet file in a worker thread, so that a damaged file can be stopped: row group by row group, in slices,
 * each sent when it is asked for. Plain JavaScript, so that it runs from the sources as well.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet';
import { compressors as allCompressors } from 'hyparquet-compressors';

const SLICE = 65_536;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @param {Uint8Array} bytes */
const hex = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/** Text where the bytes are UTF-8; else a copy of them, which the receiver refuses with its row. */
/** @param {Uint8Array} bytes */
function textOrBytes(bytes) {
  try {
    return UTF8.decode(bytes);
  } catch {
    return bytes.slice();
  }
}

/**
 * A decimal of any precision in digits.
 *
 * @param {unknown} value
 * @param {number} scale
 */
function decimalText(value, scale) {
  let unscaled = 0n;
  if (value instanceof Uint8Array) {
    for (const byte of value) unscaled = unscaled * 256n + BigInt(byte);
    unscaled = BigInt.asIntN(value.length * 8, unscaled);
  } else unscaled = BigInt(/** @type {number} */ (value));
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const fraction = digits.slice(-scale).replace(/0+$/, '');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** @param {number} most bytes that one page may unpack to */
function boundedCompressors(most) {
  /** @type {Record<string, (input: Uint8Array, length: number) => Uint8Array>} */
  const all = {
    .../** @type {any} */ (allCompressors),
    GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
    BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  };
  return Object.fromEntries(
    Object.entries(all).map(([codec, unpack]) => [
      codec,
      (/** @type {Uint8Array} */ input, /** @type {number} */ length) => {
        if (!(length >= 0 && length <= most))
          throw new Error(`a page says it unpacks to ${length} bytes, more than ${most}`);
        return unpack(input, length);
      },
    ]),
  );
}

/** @param {string} path */
function openFile(path) {
  const descriptor = openSync(path, 'r');
  const byteLength = fstatSync(descriptor).size;
  return {
    byteLength,
    close: () => closeSync(descriptor),
    /**
     * @param {number} start
     * @param {number} [end]
     */
    slice(start, end = byteLength) {
      const from = start < 0 ? byteLength + start : start;
      if (!(from >= 0 && end >= from && end <= byteLength))
        throw new Error(`bytes ${from} to ${end} are wanted of ${byteLength}`);
      const bytes = new Uint8Array(end - from);
      let read = 0;
      while (read < bytes.length) {
        const count = readSync(descriptor, bytes, read, bytes.length - read, from + read);
        if (count === 0) throw new Error('the file ends early');
        read += count;
      }
      return bytes.buffer;
    },
  };
}

/** Types of a column's leaves. @param {any} tree @returns {any[]} */
const leaves = (tree) => (tree.children.length === 0 ? [tree.element] : tree.children.flatMap(leaves));

/** @param {any} element */
const isTime = (element) =>
  element.logical_type?.type === 'TIMESTAMP' ||
  ['TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS', 'DATE'].includes(element.converted_type) ||
  element.logical_type?.type === 'DATE' ||
  element.type === 'INT96';

/** @param {any} tree */
function describeColumn(tree) {
  const { element, children } = tree;
  const isList =
    leaves(tree).length > 0 && /LIST|MAP/.test(`${element.converted_type} ${element.logical_type?.type}`);
  return {
    name: element.name,
    type:
      children.length > 0
        ? isList
          ? 'list'
          : 'struct'
        : String(element.logical_type?.type ?? element.converted_type ?? element.type),
    fields:
      children.length > 0 && !isList ? children.map((/** @type {any} */ child) => child.element.name) : [],
    timeFields: children
      .filter((/** @type {any} */ child) => leaves(child).some(isTime))
      .map((/** @type {any} */ child) => child.element.name),
    isTime: (children.length === 0 || isList) && leaves(tree).some(isTime),
  };
}

/**
 * Tells how the values of a column are to be read once they are unpacked: decimals in digits, bytes as text or in hexadecimal digits, also
 * within lists and structs. Takes the marks of a decimal off its schema: a double would lose digits. Undefined where
 * values are what they shall be.
 *
 * @param {any} tree
 * @param {boolean} asHex
 * @returns {((value: unknown) => unknown) | undefined}
 */
function readerOf({ element: e, children }, asHex) {
  if (children.length > 0) {
    const within = children.map((/** @type {any} */ child) => [child.element.name, readerOf(child, asHex)]);
    if (within.every((/** @type {any} */ [, read]) => !read)) return undefined;
    const byName = new Map(within);
    // A list or map of one kind of leaves; its levels have names that the values lack.
    const only = children.length === 1 ? within[0][1] : undefined;
    const kindOf = `${e.converted_type} ${e.logical_type?.type}`;
    /** @type {(value: any) => any} */
    const read = (value) => {
      if (value === null || value === undefined) return value;
      if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof Uint8Array)))
        return Array.from(/** @type {any} */ (value), read);
      if (only && (/LIST|MAP/.test(kindOf) || e.repetition_type === 'REPEATED')) return only(value);
      if (typeof value === 'object' && !(value instanceof Uint8Array) && !(value instanceof Date))
        return Object.fromEntries(
          Object.entries(value).map(([name, each]) => {
            const own = /** @type {any} */ (byName.get(name));
            return [name, own ? own(each) : each];
          }),
        );
      return only ? only(value) : value;
    };
    return read;
  }
  const isRepeated = e.repetition_type === 'REPEATED';
  /** @param {(value: any) => any} one */
  const each = (one) => (/** @type {any} */ value) =>
    isRepeated && Array.isArray(value) ? value.map(one) : one(value);
  if (e.converted_type === 'DECIMAL' || e.logical_type?.type === 'DECIMAL') {
    const scale = Number(e.scale ?? e.logical_type?.scale ?? 0);
    e.converted_type = undefined;
    e.logical_type = undefined;
    return each((value) => (value === null || value === undefined ? value : decimalText(value, scale)));
  }
  if (e.type !== 'BYTE_ARRAY' && e.type !== 'FIXED_LEN_BYTE_ARRAY') return undefined;
  const isHex = asHex || (e.type === 'FIXED_LEN_BYTE_ARRAY' && !e.logical_type && !e.converted_type);
  return each((value) => (value instanceof Uint8Array ? (isHex ? hex(value) : textOrBytes(value)) : value));
}

async function run() {
  const { path, binaryIds, mostBytes } = workerData;
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  const file = openFile(path);
  /** @type {string[]} */
  let codecs = [];
  try {
    const metadata = await parquetMetadataAsync(file);
    const children = parquetSchema(metadata).children;
    const columns = children.map(describeColumn);
    codecs = [
      ...new Set(
        metadata.row_groups.flatMap((group) => group.columns.map((c) => String(c.meta_data?.codec))),
      ),
    ];
    const rows = Number(metadata.num_rows);
    const inGroups = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
    if (rows !== inGroups) throw new Error(`the footer says ${rows} rows, its row groups ${inGroups}`);
    /** @type {Map<string, ((value: unknown) => unknown) | undefined>} */
    const readers = new Map(
      children.map((child) => [child.element.name, readerOf(child, binaryIds === 'hex')]),
    );
    port.postMessage({ kind: 'schema', columns, rows, codecs });
    /** @type {string[]} */
    const wanted = await new Promise((resolve) => port.once('message', resolve));
    /** @param {bigint} value @param {number} perSecond */
    const seconds = (value, perSecond) => (value == null ? value : Number(value) / perSecond);
    /** @type {any} */
    const parsers = {
      timestampFromMilliseconds: (/** @type {bigint} */ value) => seconds(value, 1e3),
      timestampFromMicroseconds: (/** @type {bigint} */ value) => seconds(value, 1e6),
      timestampFromNanoseconds: (/** @type {bigint} */ value) => seconds(value, 1e9),
      dateFromDays: (/** @type {number} */ days) => (days == null ? days : days * 86_400),
      stringFromBytes: (/** @type {Uint8Array} */ bytes) => bytes && textOrBytes(bytes),
    };
    const compressors = boundedCompressors(mostBytes);
    let from = 0;
    for (const group of metadata.row_groups) {
      const count = Number(group.num_rows);
      /** @type {Map<string, { rowStart: number, data: any }[]>} */
      const pieces = new Map(wanted.map((name) => [name, []]));
      if (count > 0)
        await parquetRead({
          file,
          metadata,
          columns: wanted,
          rowStart: from,
          rowEnd: from + count,
          utf8: false,
          geoparquet: false,
          compressors,
          parsers,
          onChunk: ({ columnName, columnData, rowStart }) => {
            pieces.get(columnName)?.push({ rowStart, data: columnData });
          },
        });
      /** @type {Record<string, any>} */
      const whole = {};
      for (const [name, list] of pieces) {
        list.sort((a, b) => a.rowStart - b.rowStart);
        const length = list.reduce((sum, { data }) => sum + data.length, 0);
        if (length !== count)
          throw new Error(`column ${name} has ${length} values in a row group of ${count} rows`);
        whole[name] = list.length === 1 ? list[0]?.data : list.flatMap(({ data }) => Array.from(data));
      }
      for (let start = 0; start < count; start += SLICE) {
        const end = Math.min(count, start + SLICE);
        /** @type {Record<string, any>} */
        const slice = {};
        for (const name of wanted) {
          const part = whole[name]?.slice(start, end) ?? [];
          const read = readers.get(name);
          slice[name] =
            ArrayBuffer.isView(part) && !read ? part : Array.from(part, read ?? ((value) => value));
        }
        port.postMessage({ kind: 'rows', from: from + start, count: end - start, columns: slice });
        await new Promise((resolve) => port.once('message', resolve));
      }
      from += count;
    }
    port.postMessage({ kind: 'end' });
  } catch (error) {
    port.postMessage({
      kind: 'error',
      message: error instanceof Error ? error.message : String(error),
      codecs,
    });
  } finally {
    file.close();
    port.close();
  }
}

if (!isMainThread && parentPort && workerData?.kind === 'palate-parquet') await run();
