import type { KernelConfig } from '@tensorflow/tfjs-core';
import { binaryKernels } from './binary.js';
import { convolutionKernels } from './convolution.js';
import { creationKernels } from './creation.js';
import { elementwiseKernels } from './elementwise.js';
import { fusedKernels } from './fused.js';
import { indexingKernels } from './indexing.js';
import { matrixKernels } from './matrix.js';
import { movementKernels } from './movement.js';
import { poolingKernels } from './pooling.js';
import { randomKernels } from './random.js';
import { rearrangementKernels } from './rearrangement.js';
import { reductionKernels } from './reduction.js';
import { scanKernels } from './scan.js';

/** Every kernel of the backend. */
export const kernels: readonly KernelConfig[] = [
  ...elementwiseKernels,
  ...binaryKernels,
  ...matrixKernels,
  ...reductionKernels,
  ...movementKernels,
  ...indexingKernels,
  ...creationKernels,
  ...convolutionKernels,
  ...poolingKernels,
  ...rearrangementKernels,
  ...scanKernels,
  ...randomKernels,
  ...fusedKernels,
];
