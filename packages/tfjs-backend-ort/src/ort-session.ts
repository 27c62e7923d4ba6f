import type { InferenceSession } from 'onnxruntime-node';
import { type NativeSession, nativeBinding, OrtTensor, type OrtTensors } from './onnx-runtime.js';

/** Options of an ONNX Runtime session. */
export interface OrtSessionOptions {
  /** Threads within an operation. Default: ONNX Runtime's, one a core. */
  readonly threads?: number;
  /** Execution providers in order of preference, for example `['cuda', 'cpu']`. Default `['cpu']`. */
  readonly executionProviders?: readonly string[];
  /**
   * Whether idle threads wait by spinning: fastest on a machine of one's own, several times slower on one whose cores
   * are busy. Default true.
   */
  readonly spinning?: boolean;
  /** Default `'all'`. */
  readonly optimisation?: 'disabled' | 'basic' | 'extended' | 'all';
}

/**
 * An ONNX Runtime session that runs synchronously.
 *
 * onnxruntime-node computes on the calling thread's behalf and returns when it is done; its public API defers the
 * call by a turn of the event loop. Training and `dataSync` want the result at once, so this calls the same native
 * session directly.
 *
 * @example
 * ```ts
 * const session = new OrtSession(encodeOnnx(graph));
 * const { y } = session.run({ x: new OrtTensor('float32', Float32Array.of(1, 2), [2]) });
 * ```
 */
export class OrtSession {
  readonly #session: NativeSession;
  readonly #fetches: Record<string, null>;

  /**
   * @param model - bytes of an `.onnx` file
   * @param outputs - names of the outputs to fetch
   * @throws UnsupportedError if onnxruntime-node does not load here; its own error if the model is invalid
   */
  constructor(model: Uint8Array, outputs: readonly string[], options: OrtSessionOptions = {}) {
    const { binding, initOrt } = nativeBinding();
    initOrt();
    this.#session = new binding.InferenceSession();
    const sessionOptions: InferenceSession.SessionOptions = {
      executionProviders: [...(options.executionProviders ?? ['cpu'])],
      graphOptimizationLevel: options.optimisation ?? 'all',
      enableMemPattern: true,
      // Errors are thrown; nothing else writes to the terminal.
      logSeverityLevel: 4,
      extra: { session: { intra_op: { allow_spinning: options.spinning === false ? '0' : '1' } } },
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    };
    this.#session.loadModel(model.buffer, model.byteOffset, model.byteLength, sessionOptions);
    this.#fetches = Object.fromEntries(outputs.map((name) => [name, null]));
  }

  /** Computes all outputs from the inputs, all by name. */
  run(feeds: OrtTensors): Record<string, OrtTensor> {
    return this.#session.run(feeds, this.#fetches, {});
  }

  /** Computes outputs into the memory of the tensors given for them. */
  runInto(feeds: OrtTensors, fetches: OrtTensors): void {
    this.#session.run(feeds, fetches, {});
  }

  /** Frees the native session. */
  dispose(): void {
    this.#session.dispose();
  }
}

export { OrtTensor, type OrtTensors };
