/*
 * Terms: a *leaf* is data at hand; it is *shared* once other code may look at its numbers, *awaited* while a recorded
 * node still reads it, and *released* once its memory went back to the *pool* of freed buffers.
 */

import type { GraphDtype, LeafData } from '../graph/graph.js';
import { type HostArray, MemoryPool } from './memory-pool.js';

/**
 * Memory of leaves: taken from a pool, and given back to it once nothing can look at a leaf any more, neither a caller
 * nor a recorded graph.
 */
export class LeafMemory {
  readonly pool: MemoryPool;
  /** Leaves given up while recorded nodes still read them. */
  #awaited: LeafData[] = [];

  /** @param maxBytes - most bytes kept for reuse */
  constructor(maxBytes: number) {
    this.pool = new MemoryPool(maxBytes);
  }

  /** A copy of numbers, or zeros, in memory of the pool. */
  copyOf(values: ArrayLike<number> | null, dtype: GraphDtype, size: number): HostArray {
    const made = this.pool.take(dtype, size);
    if (values && values.length === size) made.set(values);
    else {
      made.fill(0);
      if (values) made.set(values);
    }
    return made;
  }

  /** Gives a leaf's memory to later tensors, unless something may still look at it. */
  free(data: LeafData): void {
    if (data.shared || data.released) return;
    if (data.awaited) {
      this.#awaited.push(data);
      return;
    }
    data.released = true;
    this.pool.give(data.values);
  }

  /**
   * Frees the leaves given up meanwhile.
   *
   * @param read - leaves that recorded nodes still read; nothing where there are none
   */
  freeAwaited(read: ReadonlySet<LeafData> | undefined): void {
    if (read) for (const data of read) data.awaited = true;
    const frees = this.#awaited;
    this.#awaited = [];
    for (const each of frees) {
      each.awaited = read?.has(each) ?? false;
      this.free(each);
    }
  }
}
