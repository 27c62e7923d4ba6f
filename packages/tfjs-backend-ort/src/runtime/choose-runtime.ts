import { checkChoice, UnsupportedError } from '@palate/core';
import { NATIVE_HINT, NativeDriver, nativeFailure } from './native-driver.js';
import type { OrtRuntime, OrtSessionSettings, SessionDriver } from './session-driver.js';
import { WasmDriver } from './wasm-driver.js';
import { wasmFailure } from './wasm-engine.js';

/** The environment variable that names the build to use where no option does. */
const VARIABLE = 'PALATE_ORT_RUNTIME';

const RUNTIMES = ['native', 'wasm'] as const;

/** Runtime that computes, and why it is not the native build. */
export interface OrtRuntimeReport {
  readonly runtime: OrtRuntime;
  /** Why the native build is not used, where nobody asked for the other. */
  readonly reason?: string;
  /** How to get the native build, beside `reason`. */
  readonly hint?: string;
}

let hasWarned = false;

/**
 * Tells which build of ONNX Runtime sessions use: the one asked for; else the one that the environment variable
 * `PALATE_ORT_RUNTIME` names; else the native one where it loads; else WebAssembly, with the reason.
 *
 * @throws InvalidInputError for a name of no build; UnsupportedError if neither build is there
 */
export function ortRuntime(asked?: OrtRuntime | undefined): OrtRuntimeReport {
  if (asked !== undefined) {
    checkChoice('runtime', asked, RUNTIMES);
    return { runtime: asked };
  }
  const named = process.env[VARIABLE];
  if (named !== undefined && named !== '') {
    checkChoice(VARIABLE, named, RUNTIMES);
    return { runtime: named as OrtRuntime };
  }
  const failure = nativeFailure();
  if (!failure) return { runtime: 'native' };
  const reason = failure.received;
  if (wasmFailure())
    throw new UnsupportedError({
      expected: 'onnxruntime-node or onnxruntime-web',
      received: `neither (${reason})`,
      hint: NATIVE_HINT,
      cause: failure,
    });
  return { runtime: 'wasm', reason, hint: NATIVE_HINT };
}

/** Opens a session in the build that {@link ortRuntime} tells; warns once where it is WebAssembly for lack of the native one. */
export function openDriver(
  model: Uint8Array,
  settings: OrtSessionSettings,
): { driver: SessionDriver; report: OrtRuntimeReport } {
  const report = ortRuntime(settings.runtime);
  if (report.reason !== undefined && !hasWarned) {
    hasWarned = true;
    process.emitWarning(
      `ONNX Runtime computes in WebAssembly, several times slower, because its native build did not load: ${report.reason}. ${NATIVE_HINT}`,
      { code: 'PALATE_ORT_WASM' },
    );
  }
  const driver =
    report.runtime === 'native' ? new NativeDriver(model, settings) : new WasmDriver(model, settings);
  return { driver, report };
}
