import { createRequire } from 'node:module';
import { UnsupportedError } from '@palate/core';
import { type InferenceSession, Tensor } from 'onnxruntime-node';

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

/** Tensors by name. */
export type OrtTensors = Readonly<Record<string, Tensor>>;

/** What onnxruntime-node's native session offers; its public class only wraps these calls into promises. */
interface NativeSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  run(
    feeds: OrtTensors,
    fetches: Readonly<Record<string, Tensor | null>>,
    options: object,
  ): Record<string, Tensor>;
  dispose(): void;
}

interface NativeBinding {
  readonly binding: { readonly InferenceSession: new () => NativeSession };
  readonly initOrt: () => void;
}

let native: NativeBinding | undefined;

/** The native binding, checked for the shape this package was written against. */
function nativeBinding(): NativeBinding {
  if (native) return native;
  let found: Partial<NativeBinding>;
  try {
    found = createRequire(import.meta.url)('onnxruntime-node/dist/binding.js') as Partial<NativeBinding>;
  } catch (cause) {
    throw new UnsupportedError({
      expected: 'onnxruntime-node with a native library for this platform',
      received: cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause),
      hint: 'Install onnxruntime-node 1.30 again; it ships Linux, macOS and Windows for x64 and arm64.',
      cause,
    });
  }
  const session = found.binding?.InferenceSession?.prototype as Partial<NativeSession> | undefined;
  if (
    typeof found.initOrt !== 'function' ||
    typeof session?.run !== 'function' ||
    typeof session.loadModel !== 'function'
  )
    throw new UnsupportedError({
      expected: "onnxruntime-node's native session with loadModel and run",
      received: 'another layout of its package',
      hint: 'Use onnxruntime-node 1.30, which this version was tested with.',
    });
  native = found as NativeBinding;
  return native;
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
 * const { y } = session.run({ x: new Tensor('float32', Float32Array.of(1, 2), [2]) });
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
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: options.spinning === false ? '0' : '1' } } },
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    };
    this.#session.loadModel(model.buffer, model.byteOffset, model.byteLength, sessionOptions);
    this.#fetches = Object.fromEntries(outputs.map((name) => [name, null]));
  }

  /** Computes all outputs from the inputs, all by name. */
  run(feeds: OrtTensors): Record<string, Tensor> {
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

export { Tensor as OrtTensor };
