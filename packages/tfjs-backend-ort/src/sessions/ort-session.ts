import { openDriver } from '../runtime/choose-runtime.js';
import type { OrtTensor, OrtTensors } from '../runtime/ort-tensor.js';
import {
  ORT_SESSION,
  type OrtRuntime,
  type OrtSessionOptions,
  type SessionDriver,
} from '../runtime/session-driver.js';

/**
 * An ONNX Runtime session that runs synchronously, in the native build or in WebAssembly.
 *
 * @example
 * ```ts
 * const bytes = exportOnnx(({ x }) => ({ y: tf.neg(x) }), { x: tf.zeros([2]) });
 * const session = new OrtSession(bytes, ['y']);
 * const { y } = session.run({ x: new OrtTensor('float32', Float32Array.of(1, 2), [2]) });
 * ```
 */
export class OrtSession {
  /** The build of ONNX Runtime that computes. */
  readonly runtime: OrtRuntime;
  readonly #driver: SessionDriver;
  readonly #fetches: Record<string, null>;

  /**
   * @param model - bytes of an `.onnx` file
   * @param outputs - names of the outputs to fetch
   * @throws InvalidInputError for options that are unknown or out of bounds; UnsupportedError if no build of ONNX Runtime serves here; its own error if the model is invalid
   */
  constructor(model: Uint8Array, outputs: readonly string[], options: OrtSessionOptions = {}) {
    const { driver, report } = openDriver(model, ORT_SESSION.settings(options));
    this.runtime = report.runtime;
    this.#driver = driver;
    this.#fetches = Object.fromEntries(outputs.map((name) => [name, null]));
  }

  /** Computes all outputs from the inputs, all by name. */
  run(feeds: OrtTensors): Record<string, OrtTensor> {
    return this.#driver.run(feeds, this.#fetches);
  }

  /** Computes outputs into the memory of the tensors given for them. */
  runInto(feeds: OrtTensors, fetches: OrtTensors): void {
    this.#driver.run(feeds, fetches);
  }

  /** Frees the session. */
  dispose(): void {
    this.#driver.dispose();
  }
}
