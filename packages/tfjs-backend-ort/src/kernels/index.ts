import type { KernelConfig } from '@tensorflow/tfjs-core';
import { binaryKernels } from './binary.js';
import { elementwiseKernels } from './elementwise.js';
import { fusedKernels } from './fused.js';
import { matrixKernels } from './matrix.js';
import { movementKernels } from './movement.js';
import { randomKernels } from './random.js';
import { reductionKernels } from './reduction.js';

/** Every kernel of the backend. */
export const kernels: readonly KernelConfig[] = [
  ...elementwiseKernels,
  ...binaryKernels,
  ...matrixKernels,
  ...reductionKernels,
  ...movementKernels,
  ...randomKernels,
  ...fusedKernels,
];
