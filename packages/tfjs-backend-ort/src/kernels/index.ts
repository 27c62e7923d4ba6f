import type { KernelConfig } from '@tensorflow/tfjs-core';

/** Every kernel of the backend. */
export const kernels: readonly KernelConfig[] = [];
