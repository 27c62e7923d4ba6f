import { UnsupportedError } from '@palate/core';
import { NATIVE_HINT } from './native-driver.js';
import { OrtTensor, type OrtTensors } from './ort-tensor.js';
import type { OrtSessionSettings, SessionDriver } from './session-driver.js';
import { type SentTensor, type WasmEngine, wasmEngine } from './wasm-engine.js';

/** A session of the WebAssembly build. Its model is kept, so that it outlives an instance that was lost. */
export class WasmDriver implements SessionDriver {
  readonly #model: Uint8Array;
  readonly #optimisation: 'disabled' | 'basic' | 'extended' | 'all';
  #engine: WasmEngine;
  #session: number;
  #isDisposed = false;

  /**
   * @throws UnsupportedError if onnxruntime-web is not installed, or a provider other than `'cpu'` is asked for;
   *   its own error if the model is invalid
   */
  constructor(model: Uint8Array, settings: OrtSessionSettings) {
    const providers = settings.executionProviders;
    if (!providers.includes('cpu'))
      throw new UnsupportedError({
        expected: "'cpu' among the execution providers of the WebAssembly build",
        received: providers.join(', ') || 'none',
        hint: NATIVE_HINT,
      });
    this.#model = model.slice();
    this.#optimisation = settings.optimisation;
    this.#engine = wasmEngine();
    this.#session = this.#create();
  }

  #create(): number {
    return this.#engine.ask({ ask: 'create', model: this.#model, optimisation: this.#optimisation }).session;
  }

  run(feeds: OrtTensors, fetches: Readonly<Record<string, OrtTensor | null>>): Record<string, OrtTensor> {
    if (this.#engine.isLost && !this.#isDisposed) {
      this.#engine = wasmEngine();
      this.#session = this.#create();
    }
    const sent = Object.entries(feeds).map(([name, tensor]) => copied(name, tensor));
    const { outputs } = this.#engine.ask(
      { ask: 'run', session: this.#session, feeds: sent, outputs: Object.keys(fetches) },
      sent.map(({ data }) => data.buffer as ArrayBuffer),
    );
    const found: Record<string, OrtTensor> = {};
    for (const { name, type, data, dims } of outputs) {
      const into = fetches[name];
      if (into) (into.data as typeof data as Float32Array).set(data as Float32Array);
      found[name] = into ?? new OrtTensor(type as 'float32', data as Float32Array, dims);
    }
    return found;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (!this.#engine.isLost) this.#engine.ask({ ask: 'dispose', session: this.#session });
  }
}

/** A copy whose memory can be given away. */
function copied(name: string, { type, data, dims }: OrtTensor): SentTensor {
  return { name, type, data: (data as Float32Array).slice(), dims };
}
