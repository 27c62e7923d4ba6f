import { UnsupportedError } from '@palate/core';

/** Explains an unmapped kernel. */
export function unmappedKernel(name: string, recent: readonly string[]): UnsupportedError {
  return new UnsupportedError({
    expected: `a kernel that the ort backend has`,
    received: `${name} (after the ONNX operations ${recent.join(', ') || 'none'})`,
    hint: `Compute this part with tf.setBackend('cpu'), or write it with other operations.`,
  });
}
