import { type OptionDeclaration, option } from '@palate/core';
import { chooseCompute } from './choose-compute.js';
import type { MatrixCompute } from './matrix-compute.js';

let chosen: Promise<MatrixCompute> | undefined;

/**
 * Chooses what retrievers compute with where nobody says: ONNX Runtime where the optional `@palate/tfjs-backend-ort` is
 * installed (its native build, or the one in WebAssembly), TypeScript elsewhere. Chosen once a process; its `name` says which it is.
 *
 * Where the package is installed and does not run, TypeScript computes, and a warning of the process
 * says why.
 */
export function defaultCompute(): Promise<MatrixCompute> {
  chosen ??= chooseCompute(
    () => import('@palate/tfjs-backend-ort'),
    (reason) => process.emitWarning(reason),
  );
  return chosen;
}

/** The option of a retriever that says what it computes with; it decides no result beyond rounding. */
export const COMPUTE: OptionDeclaration<MatrixCompute, 'optional'> = option
  .value<MatrixCompute>(
    'a `MatrixCompute`',
    (value) => typeof (value as Partial<MatrixCompute> | null)?.products === 'function',
  )
  .optional({
    doc: 'implementation of matrix products: ONNX Runtime if `@palate/tfjs-backend-ort` is installed, otherwise TypeScript',
    identity: () => undefined,
  });
