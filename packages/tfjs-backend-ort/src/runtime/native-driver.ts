import { createRequire } from 'node:module';
import { switchOffUsageReports, UnsupportedError } from '@palate/core';
import type { InferenceSession } from 'onnxruntime-common';
import type { OrtTensor, OrtTensors } from './ort-tensor.js';
import type { OrtSessionSettings, SessionDriver } from './session-driver.js';
import { sessionThreads } from './session-threads.js';

/** The version of ONNX Runtime that this package is written against, in both builds. */
export const ORT_VERSION = '1.30.0';

/** How to get the native build where a plain install left it out. */
export const NATIVE_HINT = `To get the native one: ONNXRUNTIME_NODE_INSTALL=skip npm install --save-optional onnxruntime-node@${ORT_VERSION}`;

/** Native session of onnxruntime-node; its public class only wraps these calls into promises. */
interface NativeSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  run(
    feeds: OrtTensors,
    fetches: Readonly<Record<string, OrtTensor | null>>,
    options: object,
  ): Record<string, OrtTensor>;
  dispose(): void;
}

interface NativeBinding {
  readonly binding: { readonly InferenceSession: new () => NativeSession };
  readonly initOrt: () => void;
}

/** Required and not imported: usage reports are switched off first, and the package may be missing. */
const load = createRequire(import.meta.url);
switchOffUsageReports();
let loaded: NativeBinding | UnsupportedError | undefined;

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const isMissing = 'code' in cause && cause.code === 'MODULE_NOT_FOUND';
  if (isMissing && cause.message.includes("'onnxruntime-node/")) return 'onnxruntime-node is not installed';
  return cause.message.split('\n')[0] ?? '';
}

function loadBinding(): NativeBinding | UnsupportedError {
  let found: Partial<NativeBinding>;
  try {
    found = load('onnxruntime-node/dist/binding.js') as Partial<NativeBinding>;
  } catch (cause) {
    return new UnsupportedError({
      expected: 'onnxruntime-node with a native library for this platform',
      received: reasonOf(cause),
      hint: `${NATIVE_HINT} (Linux, macOS and Windows, x64 and arm64).`,
      cause,
    });
  }
  const session = found.binding?.InferenceSession?.prototype as Partial<NativeSession> | undefined;
  if (
    typeof found.initOrt !== 'function' ||
    typeof session?.run !== 'function' ||
    typeof session.loadModel !== 'function'
  )
    return new UnsupportedError({
      expected: "onnxruntime-node's native session with loadModel and run",
      received: 'another layout of its package',
      hint: `Use onnxruntime-node ${ORT_VERSION}, which this version was tested with.`,
    });
  return found as NativeBinding;
}

/** Why the native build does not load here; undefined where it does. */
export function nativeFailure(): UnsupportedError | undefined {
  loaded ??= loadBinding();
  return loaded instanceof UnsupportedError ? loaded : undefined;
}

/**
 * A session of the native build.
 *
 * onnxruntime-node computes on the calling thread's behalf and returns when it is done; its public API defers the
 * call by a turn of the event loop. Training and `dataSync` want the result at once, so this calls the same native
 * session directly.
 */
export class NativeDriver implements SessionDriver {
  readonly #session: NativeSession;

  /** @throws UnsupportedError if onnxruntime-node does not load here; its own error if the model is invalid */
  constructor(model: Uint8Array, settings: OrtSessionSettings) {
    loaded ??= loadBinding();
    if (loaded instanceof UnsupportedError) throw loaded;
    loaded.initOrt();
    this.#session = new loaded.binding.InferenceSession();
    const sessionOptions: InferenceSession.SessionOptions = {
      executionProviders: [...settings.executionProviders],
      graphOptimizationLevel: settings.optimisation,
      enableCpuMemArena: settings.arena,
      // A pattern is a second arena beside the one that the first run filled: twice the memory, for no time.
      enableMemPattern: false,
      // Errors are thrown; nothing else writes to the terminal.
      logSeverityLevel: 4,
      extra: { session: { intra_op: { allow_spinning: settings.spinning ? '1' : '0' } } },
      intraOpNumThreads: sessionThreads(settings.threads),
    };
    this.#session.loadModel(model.buffer, model.byteOffset, model.byteLength, sessionOptions);
  }

  run(feeds: OrtTensors, fetches: Readonly<Record<string, OrtTensor | null>>): Record<string, OrtTensor> {
    return this.#session.run(feeds, fetches, {});
  }

  dispose(): void {
    this.#session.dispose();
  }
}
