/**
 * The WebAssembly build of ONNX Runtime in a worker thread, asked synchronously.
 *
 * onnxruntime-web answers by promises. Here the calling thread posts a request, waits on a counter in shared memory,
 * and takes the answer from its port; no turn of the event loop passes.
 */
import { createRequire } from 'node:module';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { PalateError, UnsupportedError } from '@palate/core';
import { NATIVE_HINT, ORT_VERSION } from './native-driver.js';

/** A tensor on its way between threads. */
export interface SentTensor {
  readonly name: string;
  readonly type: string;
  readonly data: Float32Array | Int32Array | Uint8Array | BigInt64Array | Float64Array;
  readonly dims: readonly number[];
}

/** Request to the worker. */
export type WasmRequest =
  | {
      readonly ask: 'create';
      readonly model: Uint8Array;
      readonly optimisation: 'disabled' | 'basic' | 'extended' | 'all';
    }
  | {
      readonly ask: 'run';
      readonly session: number;
      readonly feeds: readonly SentTensor[];
      readonly outputs: readonly string[];
    }
  | { readonly ask: 'dispose'; readonly session: number }
  | { readonly ask: 'end' };

/** Answer of the worker where it could. */
export interface WasmAnswer {
  readonly session: number;
  readonly outputs: readonly SentTensor[];
}

interface WasmRefusal {
  readonly error: string;
  /** True after a trap: the instance is lost, with all its sessions. */
  readonly isFatal: boolean;
}

/** Positions in the shared state. */
const ANSWERS = 0;
const ENDED = 1;

/** Milliseconds after which a worker that has not answered at all is given up; a machine under load needs seconds. */
const START_LIMIT = 300_000;

/** One instance of onnxruntime-web with its sessions. */
class WasmEngine {
  readonly #port: MessagePort;
  readonly #state: Int32Array<SharedArrayBuffer>;
  #answered = 0;
  isLost = false;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#state = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(new URL('./wasm-worker.js', import.meta.url), {
      workerData: { port: port2, state: this.#state.buffer },
      transferList: [port2],
      execArgv: [],
    });
    // A caller that waits for an answer learns of the end from the shared state.
    worker.on('error', () => {
      this.isLost = true;
    });
    worker.unref();
    port1.unref();
  }

  /**
   * Asks and waits.
   *
   * @throws Error with ONNX Runtime's own message where it refuses; PalateError `runtime-lost` if the instance ended
   */
  ask(request: WasmRequest, transfer: readonly ArrayBuffer[] = []): WasmAnswer {
    const before = Atomics.load(this.#state, ANSWERS);
    this.#port.postMessage(request, [...transfer]);
    const limit = this.#answered === 0 ? START_LIMIT : undefined;
    while (Atomics.load(this.#state, ANSWERS) === before)
      if (Atomics.wait(this.#state, ANSWERS, before, limit) === 'timed-out') throw this.#lost('no answer');
    const answer = receiveMessageOnPort(this.#port)?.message as WasmAnswer | WasmRefusal | undefined;
    if (!answer) throw this.#lost(Atomics.load(this.#state, ENDED) === 1 ? 'its end' : 'no answer');
    this.#answered++;
    if (!('error' in answer)) return answer;
    if (answer.isFatal) throw this.#lost(answer.error);
    throw new Error(answer.error);
  }

  /** Ends the instance, which gives its memory back. Sessions that are used later go on in a new one. */
  end(): void {
    if (this.isLost) return;
    this.isLost = true;
    this.#port.postMessage({ ask: 'end' } satisfies WasmRequest);
  }

  #lost(received: string): PalateError {
    this.isLost = true;
    return new PalateError('runtime-lost', {
      expected: 'the WebAssembly build of ONNX Runtime to compute',
      received,
      hint: `It has at most 4 GiB: compute in smaller parts. Other sessions continue in a new instance. ${NATIVE_HINT}`,
    });
  }
}

let engine: WasmEngine | undefined;

/** The instance in use; a new one where there is none or the last was lost. */
export function wasmEngine(): WasmEngine {
  if (!engine || engine.isLost) {
    const failure = wasmFailure();
    if (failure) throw failure;
    engine = new WasmEngine();
  }
  return engine;
}

/** Ends the instance in use, if there is one: WebAssembly never gives memory back otherwise. */
export function endWasmEngine(): void {
  engine?.end();
}

export type { WasmEngine };

/** Why the WebAssembly build cannot be started; undefined where it is installed. */
export function wasmFailure(): UnsupportedError | undefined {
  try {
    createRequire(import.meta.url).resolve('onnxruntime-web');
    return undefined;
  } catch (cause) {
    return new UnsupportedError({
      expected: `onnxruntime-web ${ORT_VERSION}`,
      received: 'no such package',
      hint: `Install it: npm install onnxruntime-web@${ORT_VERSION}`,
      cause,
    });
  }
}
