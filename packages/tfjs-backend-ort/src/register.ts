import * as tf from '@tensorflow/tfjs-core';
import { OrtBackend } from './backend.js';
import { ORT_BACKEND, type OrtBackendOptions } from './graph/backend-options.js';
import { DebugPrinter } from './graph/debug.js';
import { recentOperations } from './graph/graph.js';
import { hostKernel } from './graph/host-kernels.js';
import { unmappedKernel } from './graph/unmapped-kernel.js';
import { kernels } from './kernels/index.js';
import { registerGradients } from './operations/gradients.js';

let kernelsRegistered = false;
const inJavaScript: string[] = [];

/** Names of the kernels that run in JavaScript, outside graphs, because ONNX has no exact form for them. */
export function hostKernels(): readonly string[] {
  registerKernels();
  return [...inJavaScript].sort();
}

/** The kernels of tfjs-core by name, from the constants that it exports (`Abs`, `Acos`, ...). */
function kernelNames(): string[] {
  return Object.entries(tf)
    .filter(
      ([name, value]) => typeof value === 'string' && /^[A-Z]|^_Fused/.test(name) && /^[A-Z_]/.test(value),
    )
    .map(([, value]) => value as string);
}

function registerKernels(): void {
  if (kernelsRegistered) return;
  kernelsRegistered = true;
  registerGradients();
  for (const config of kernels) {
    const { kernelFunc } = config;
    tf.registerKernel({
      ...config,
      backendName: 'ort',
      kernelFunc: (call) => {
        (call.backend as OrtBackend).betweenKernels();
        return kernelFunc(call);
      },
    });
  }
  for (const kernelName of kernelNames()) {
    // tf.browser.fromPixels has its own way when a backend lacks the kernel.
    if (tf.getKernel(kernelName, 'ort') || kernelName === tf.FromPixels) continue;
    const host = hostKernel(kernelName);
    if (host) {
      tf.registerKernel(host);
      inJavaScript.push(kernelName);
      continue;
    }
    tf.registerKernel({
      kernelName,
      backendName: 'ort',
      kernelFunc: () => {
        throw unmappedKernel(kernelName, recentOperations());
      },
    });
  }
}

/**
 * Registers the backend `'ort'` with TensorFlow.js; `tf.setBackend('ort')` then selects it.
 *
 * Calling again with other options before the backend was first used replaces them; afterwards it has no effect.
 *
 * @throws InvalidInputError for options that are unknown or out of bounds, or a stage of `PALATE_DEBUG` that there is not
 * @example
 * ```ts
 * registerOrtBackend({ threads: 2 });
 * await tf.setBackend('ort');
 * tf.matMul(a, b).print();
 * ```
 */
export function registerOrtBackend(options: OrtBackendOptions = {}): void {
  // Checked here already: TensorFlow.js takes another backend, with no error, where the making of one throws.
  ORT_BACKEND.settings(options);
  DebugPrinter.ofEnvironment();
  registerKernels();
  if (tf.findBackendFactory('ort')) {
    if (tf.engine().registry.ort) return;
    tf.removeBackend('ort');
  }
  tf.registerBackend('ort', () => new OrtBackend(options), 3);
}

/** The backend in use. Throws if `'ort'` has not been registered. */
export function ortBackend(): OrtBackend {
  return tf.findBackend('ort') as OrtBackend;
}
