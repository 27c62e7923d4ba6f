/*
 * Terms: the *pool* is the buffers of freed tensors, by size; a buffer is *spare* if it lay free through a whole
 * *window* of runs.
 */

import { PalateError } from '@palate/core';
import type { OnnxType } from '../graph/onnx-encoder.js';

/** Numbers as the backend holds them: float32, int32, or 0/1 bytes for bool. */
export type HostArray = Float32Array | Int32Array | Uint8Array;

/** Smaller buffers are not worth keeping. */
const LEAST_BYTES = 256;

/** Runs after which buffers that no run of that time needed are let go. */
const WINDOW = 64;

interface FreeBuffers {
  readonly buffers: ArrayBuffer[];
  /** Fewest that lay free at any time of the window: nobody needed these. */
  spare: number;
}

/**
 * Memory of freed tensors, by size, for tensors to come.
 *
 * Two bounds: the bytes kept in all (the sizes used longest ago go first), and the need of the last runs (buffers
 * that stayed free through a whole window of them go).
 */
export class MemoryPool {
  /** By bytes of a buffer; the size used longest ago comes first. */
  readonly #free = new Map<number, FreeBuffers>();
  readonly #maxBytes: number;
  #bytes = 0;
  #runs = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that lie free. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * An array whose contents are arbitrary.
   *
   * @throws PalateError `out-of-memory` if the system gives none
   */
  take(type: OnnxType, size: number): HostArray {
    const bytes = type === 'float32' || type === 'int32' ? 4 * size : size;
    const free = this.#free.get(bytes);
    const pooled = free?.buffers.pop();
    if (free && pooled) {
      free.spare = Math.min(free.spare, free.buffers.length);
      this.#bytes -= bytes;
      this.#touch(bytes, free);
    }
    const buffer = pooled ?? allocate(bytes);
    return type === 'float32'
      ? new Float32Array(buffer)
      : type === 'int32'
        ? new Int32Array(buffer)
        : new Uint8Array(buffer);
  }

  /** Takes back an array that nothing looks at any more. */
  give({ buffer, byteLength }: HostArray): void {
    if (byteLength < LEAST_BYTES || byteLength > this.#maxBytes) return;
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== byteLength) return;
    const free = this.#free.get(byteLength) ?? { buffers: [], spare: 0 };
    free.buffers.push(buffer);
    this.#bytes += byteLength;
    this.#touch(byteLength, free);
    for (const [bytes, oldest] of this.#free) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(bytes, oldest, Math.ceil((this.#bytes - this.#maxBytes) / bytes));
    }
  }

  /** Tells that a graph was computed. */
  countRun(): void {
    if (++this.#runs % WINDOW !== 0) return;
    for (const [bytes, free] of this.#free) {
      this.#drop(bytes, free, free.spare);
      free.spare = free.buffers.length;
    }
  }

  #touch(bytes: number, free: FreeBuffers): void {
    this.#free.delete(bytes);
    this.#free.set(bytes, free);
  }

  #drop(bytes: number, free: FreeBuffers, count: number): void {
    const gone = free.buffers.splice(0, count).length;
    this.#bytes -= gone * bytes;
    free.spare = Math.min(free.spare, free.buffers.length);
    if (free.buffers.length === 0) this.#free.delete(bytes);
  }

  clear(): void {
    this.#free.clear();
    this.#bytes = 0;
  }
}

function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new PalateError('out-of-memory', {
      expected: 'memory for a tensor',
      received: `none for ${bytes.toLocaleString('en-GB')} bytes`,
      hint: 'Compute in smaller batches, or dispose what is no longer needed.',
      cause,
    });
  }
}
