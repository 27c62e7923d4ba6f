import type { MatrixCompute } from './matrix-compute.js';
import { ortCompute } from './ort-compute.js';
import { plainCompute } from './plain-compute.js';

/** The optional package that brings ONNX Runtime. */
const BACKEND = '@palate/tfjs-backend-ort';

/**
 * ONNX Runtime if its package can be imported and runs, otherwise the plain compute. Also in WebAssembly ONNX Runtime is
 * two (64-bit floats) to five times (32-bit) as fast.
 *
 * @param load - imports the package
 * @param onFallback - called with the reason why an installed package does not run
 */
export async function chooseCompute(
  load: () => Promise<typeof import('@palate/tfjs-backend-ort')>,
  onFallback: (reason: string) => void,
): Promise<MatrixCompute> {
  try {
    return ortCompute(await load());
  } catch (error) {
    const isAbsent =
      (error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND' &&
      String(error).includes(`package '${BACKEND}'`);
    if (!isAbsent)
      onFallback(`Computing in TypeScript: ${BACKEND} is installed, but does not run here. ${String(error)}`);
    return plainCompute;
  }
}
