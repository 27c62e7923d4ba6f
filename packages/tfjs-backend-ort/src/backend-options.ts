import { totalmem } from 'node:os';
import { checkNumber, checkOptions } from '@palate/core';
import type { OrtRuntimeReport } from './runtime/choose-runtime.js';
import type { OrtSessionOptions } from './runtime/session-driver.js';

/** Options of the backend. */
export interface OrtBackendOptions extends OrtSessionOptions {
  /** Sessions kept at once; the least recently used goes first. Default 128. */
  readonly maxSessions?: number;
  /** Bound on the intermediate bytes of all kept sessions together, by an upper estimate. Default 4 GiB. */
  readonly maxSessionBytes?: number;
  /** Recorded operations after which a graph is computed though nobody reads it. Default 20,000. */
  readonly maxPendingNodes?: number;
  /** Most bytes of freed tensors kept for reuse; what the last 64 runs did not need goes sooner. Default 512 MiB. */
  readonly maxPooledBytes?: number;
  /**
   * Bytes of the largest tensor that is computed; larger ones fail. Default: the machine's memory; 1 GiB in
   * WebAssembly, whose whole memory is 4 GiB.
   */
  readonly maxTensorBytes?: number;
}

/** Counts of `OrtBackend.statistics`, with the build of ONNX Runtime that computes. */
export interface OrtStatistics extends OrtRuntimeReport {
  /** Sessions kept now. */
  readonly sessions: number;
  /** Sessions built since the start. */
  readonly sessionsBuilt: number;
  /** Graphs served by a session that was there already. */
  readonly sessionsReused: number;
  /** Graphs computed. */
  readonly runs: number;
  /** Milliseconds spent inside ONNX Runtime. */
  readonly runMilliseconds: number;
  /** Bytes of freed tensors kept for reuse now. */
  readonly pooledBytes: number;
  /** Tensors that could not be computed, since the start. */
  readonly failures: number;
}

/** Limits of a backend, with their defaults. */
export interface BackendLimits {
  readonly sessions: number;
  readonly sessionBytes: number;
  readonly pendingNodes: number;
  readonly pooledBytes: number;
  readonly tensorBytes: number;
}

/** Bytes of the largest tensor in WebAssembly: an operation wants its input and output there at once. */
const WASM_TENSOR = 2 ** 30;

/** Bytes that this process may use at most, as far as the system tells. */
function machineMemory(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/**
 * Checks the options of a backend and fills in its limits.
 *
 * @throws InvalidInputError for unknown options, or bounds that are no numbers from 0
 */
export function backendLimits(
  options: OrtBackendOptions,
  runtime: OrtRuntimeReport['runtime'],
): BackendLimits {
  const bound = (name: 'maxPooledBytes' | 'maxTensorBytes', fallback: number): number => {
    const given = options[name];
    return given === undefined ? fallback : checkNumber(name, given, { min: 0 });
  };
  return {
    sessions: options.maxSessions ?? 128,
    sessionBytes: options.maxSessionBytes ?? 2 ** 32,
    pendingNodes: options.maxPendingNodes ?? 20_000,
    pooledBytes: bound('maxPooledBytes', 2 ** 29),
    tensorBytes: bound(
      'maxTensorBytes',
      Math.min(machineMemory(), runtime === 'wasm' ? WASM_TENSOR : Infinity),
    ),
  };
}

/** Refuses options that a backend does not read. */
export function checkBackendOptions(options: OrtBackendOptions): void {
  checkOptions('OrtBackend', options, [
    'runtime',
    'threads',
    'executionProviders',
    'optimisation',
    'spinning',
    'maxSessions',
    'maxSessionBytes',
    'maxPendingNodes',
    'maxPooledBytes',
    'maxTensorBytes',
  ]);
}
