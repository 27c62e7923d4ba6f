import { sha256 } from '../basics/sha256.js';
import type { InteractionLog } from './interaction-log.js';

/**
 * A SHA-256 over a log's ids and columns: equal for equal data, whatever file it came from.
 *
 * @returns 64 hexadecimal digits
 */
export function fingerprint(log: InteractionLog): string {
  const hash = sha256();
  const bytes = (column: Int32Array | Float64Array | Float32Array): Uint8Array =>
    new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  for (const ids of [log.users, log.items]) {
    hash.update(`${ids.size}\n`);
    for (const id of ids) hash.update(`${id.length}:${id}`);
  }
  hash.update(bytes(log.user)).update(bytes(log.item)).update(bytes(log.timestamp));
  if (log.rating) hash.update(bytes(log.rating));
  if (log.request) hash.update('request').update(bytes(log.request));
  return hash.digest();
}
