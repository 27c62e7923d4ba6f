import { createRequire } from 'node:module';
import { switchOffUsageReports, UnsupportedError } from '@palate/core';
import type * as OnnxRuntime from 'onnxruntime-node';

/**
 * The one place that loads ONNX Runtime. It is required and not imported, so that its usage reports are switched off
 * first.
 */
const load = createRequire(import.meta.url);
switchOffUsageReports();
const { Tensor } = loadNative<typeof OnnxRuntime>('onnxruntime-node');

/** A tensor of ONNX Runtime. */
export const OrtTensor = Tensor;
export type OrtTensor = OnnxRuntime.Tensor;

/** Tensors by name. */
export type OrtTensors = Readonly<Record<string, OrtTensor>>;

/** What onnxruntime-node's native session offers; its public class only wraps these calls into promises. */
export interface NativeSession {
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

let native: NativeBinding | undefined;

/** The native binding, checked for the shape this package was written against. */
export function nativeBinding(): NativeBinding {
  if (native) return native;
  const found = loadNative<Partial<NativeBinding>>('onnxruntime-node/dist/binding.js');
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

function loadNative<T>(module: string): T {
  try {
    return load(module) as T;
  } catch (cause) {
    throw new UnsupportedError({
      expected: 'onnxruntime-node with a native library for this platform',
      received: cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause),
      hint: 'Install onnxruntime-node 1.30 again; it ships Linux, macOS and Windows for x64 and arm64.',
      cause,
    });
  }
}
