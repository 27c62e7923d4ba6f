import type { DatabaseSize } from './reserve-space.js';

/** Part of the driver that is used. */
export interface Lmdb {
  getBinary(key: unknown): Buffer | undefined;
  put(key: unknown, value: unknown): unknown;
  remove(key: unknown): unknown;
  transactionSync<T>(work: () => T): T;
  getStats(): DatabaseSize;
  getKeys(range: { start?: unknown; limit?: number; exclusiveStart?: boolean }): Iterable<unknown>;
  decoder: { decode(bytes: Buffer): unknown };
  close(): Promise<void>;
}

/** Module of the driver. */
export interface LmdbDriver {
  open(options: Readonly<Record<string, unknown>>): Lmdb;
  asBinary(bytes: Uint8Array): unknown;
}
