import { totalmem } from 'node:os';
import { defineOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import type { OrtRuntimeReport } from '../runtime/choose-runtime.js';
import { ORT_SESSION, type OrtRuntime, type OrtSessionOptions } from '../runtime/session-driver.js';

/** Bytes of the largest tensor in WebAssembly: an operation wants its input and output there at once. */
const WASM_TENSOR = 2 ** 30;

/** Which sessions keep their memory, the backend decides for each. */
const { arena: _, ...OF_SESSIONS } = ORT_SESSION.declarations;

/** Options of the backend. */
export const ORT_BACKEND = defineOptions(
  'OrtBackend',
  {
    ...OF_SESSIONS,
    maxSessions: option.integer({ min: 1 })({
      default: 128,
      doc: 'most sessions kept; the least recently used is dropped first',
    }),
    maxSessionBytes: option.number({ min: 0 })({
      default: 2 ** 32,
      defaultText: '4 GiB',
      doc: 'limit on the intermediate bytes of all kept sessions together, by an upper estimate',
    }),
    maxArenaBytes: option.number({ min: 0 })({
      default: 2 ** 26,
      defaultText: '64 MiB',
      doc: 'limit on the intermediate bytes of the sessions that keep the memory of their last run, by an upper estimate: those that ran three times, one of them whatever its size; the others release it',
    }),
    maxPendingNodes: option.integer({ min: 0 })({
      default: 20_000,
      doc: 'number of recorded operations after which a graph is computed even if nothing is read',
    }),
    maxPooledBytes: option.number({ min: 0 })({
      default: 2 ** 29,
      defaultText: '512 MiB',
      doc: 'most bytes of freed tensors kept for reuse; memory not needed in the last 64 runs is released earlier',
    }),
    maxTensorBytes: option.number({ min: 0 }).optional({
      doc: "most bytes of a tensor; larger ones fail. The machine's memory if left out; 1 GiB in WebAssembly, whose total memory is 4 GiB",
    }),
  },
  [],
);

/** Options of the backend; {@link ORT_BACKEND} says what each does. */
export type OrtBackendOptions = OptionsOf<typeof ORT_BACKEND.declarations>;

/** Options of the backend with their defaults. */
export type OrtBackendSettings = SettingsOf<typeof ORT_BACKEND.declarations>;

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

/** Bytes that this process may use at most, as far as the system tells. */
function machineMemory(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Options of a backend that are those of its sessions. */
export const sessionOptions = ({
  runtime,
  threads,
  executionProviders,
  spinning,
  optimisation,
}: OrtBackendSettings): OrtSessionOptions => ({
  runtime,
  threads,
  executionProviders,
  spinning,
  optimisation,
});

/** Bytes of the largest tensor that a backend computes. */
export function largestTensor({ maxTensorBytes }: OrtBackendSettings, runtime: OrtRuntime): number {
  return maxTensorBytes ?? Math.min(machineMemory(), runtime === 'wasm' ? WASM_TENSOR : Infinity);
}
