import type { OrtTensor, OrtTensors } from './ort-tensor.js';

/** The builds of ONNX Runtime: the native library of onnxruntime-node, or WebAssembly of onnxruntime-web. */
export type OrtRuntime = 'native' | 'wasm';

/** Options of an ONNX Runtime session. */
export interface OrtSessionOptions {
  /**
   * The build of ONNX Runtime. Default: what the environment variable `PALATE_ORT_RUNTIME` names, else `'native'`
   * where it loads, else `'wasm'`, which computes the same several times slower.
   */
  readonly runtime?: OrtRuntime | undefined;
  /** Threads within an operation. Default: ONNX Runtime's, one a core. WebAssembly computes on one. */
  readonly threads?: number | undefined;
  /** Execution providers in order of preference, for example `['cuda', 'cpu']`. Default `['cpu']`. */
  readonly executionProviders?: readonly string[] | undefined;
  /**
   * Whether idle threads wait by spinning: fastest on a machine of one's own, several times slower on one whose cores
   * are busy. Default true. WebAssembly has no idle threads.
   */
  readonly spinning?: boolean | undefined;
  /** Default `'all'`. */
  readonly optimisation?: 'disabled' | 'basic' | 'extended' | 'all' | undefined;
}

/** A session of one of the builds: computes on the caller's turn and returns when it is done. */
export interface SessionDriver {
  /** Computes the outputs named; into the memory of the tensors given for them, where any are. */
  run(feeds: OrtTensors, fetches: Readonly<Record<string, OrtTensor | null>>): Record<string, OrtTensor>;
  dispose(): void;
}
