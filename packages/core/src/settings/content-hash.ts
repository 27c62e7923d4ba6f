import { InvalidInputError } from '../basics/errors.js';
import { type Sha256, sha256 } from '../basics/sha256.js';
import { EmbeddingTable } from '../data/embedding-table.js';
import { fingerprint } from '../data/fingerprint.js';
import { IdMap } from '../data/id-map.js';
import { InteractionLog } from '../data/interaction-log.js';

/**
 * A SHA-256 of a value's content: equal for equal content, whatever the order of an object's keys, and different where
 * anything differs. Numbers are compared bit by bit; `undefined` entries of an object count as absent.
 *
 * Reads JSON values, typed arrays, maps, sets, logs, id maps and embedding tables. Costs a pass over the content.
 *
 * @returns 64 hexadecimal digits
 * @throws InvalidInputError for functions and instances of other classes: give what of them matters
 */
export function contentHash(value: unknown): string {
  const hash = sha256();
  update(hash, value, 'value');
  return hash.digest();
}

function update(hash: Sha256, value: unknown, path: string): void {
  if (value === null || value === undefined || typeof value === 'boolean') {
    hash.update(`${String(value)};`);
  } else if (typeof value === 'number') {
    hash.update('n').update(new Uint8Array(Float64Array.of(value).buffer));
  } else if (typeof value === 'bigint') {
    hash.update(`b${value};`);
  } else if (typeof value === 'string') {
    // UTF-16 units: two different lone surrogates are different texts.
    hash.update(`s${value.length}:`).update(units(value));
  } else if (ArrayBuffer.isView(value)) {
    hash
      .update(`${value.constructor.name}${value.byteLength}:`)
      .update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (value instanceof InteractionLog) {
    hash.update(`log${fingerprint(value)}`);
  } else if (value instanceof IdMap) {
    updateAll(hash, 'ids', value.size, value, path);
  } else if (value instanceof EmbeddingTable) {
    hash.update('table');
    for (const part of [value.ids, value.width, value.data]) update(hash, part, path);
  } else if (Array.isArray(value)) {
    updateAll(hash, 'list', value.length, value, path);
  } else if (value instanceof Map) {
    updateAll(hash, 'map', value.size, value, path);
  } else if (value instanceof Set) {
    updateAll(hash, 'set', value.size, value, path);
  } else if (typeof value === 'object' && isPlain(value)) {
    const entries = Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    hash.update(`object${entries.length}:`);
    for (const [key, each] of entries) {
      update(hash, key, path);
      update(hash, each, `${path}.${key}`);
    }
  } else {
    throw new InvalidInputError({
      expected: `plain data, a log, an id map or an embedding table at ${path}`,
      received: typeof value === 'function' ? 'a function' : `an instance of ${value.constructor?.name}`,
      hint: 'Pass the part of it that decides the result, as plain data.',
    });
  }
}

function updateAll(hash: Sha256, kind: string, size: number, values: Iterable<unknown>, path: string): void {
  hash.update(`${kind}${size}:`);
  let k = 0;
  for (const each of values) update(hash, each, `${path}[${k++}]`);
}

/** The UTF-16 units of a text, the lower byte first. */
function units(text: string): Uint8Array {
  const found = new Uint8Array(2 * text.length);
  for (let k = 0; k < text.length; k++) {
    const unit = text.charCodeAt(k);
    found[2 * k] = unit & 0xff;
    found[2 * k + 1] = unit >>> 8;
  }
  return found;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
