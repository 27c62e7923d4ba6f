import type { MatrixCompute } from './matrix-compute.js';
import { nativeCompute } from './native-compute.js';
import { plainCompute } from './plain-compute.js';

/** The optional package that brings ONNX Runtime. */
const BACKEND = '@palate/tfjs-backend-ort';

/**
 * The native compute if its package can be imported and runs, otherwise the plain one.
 *
 * @param load - imports the package
 * @param onFallback - told why native compute that is installed does not run
 */
export async function chooseCompute(
  load: () => Promise<typeof import('@palate/tfjs-backend-ort')>,
  onFallback: (reason: string) => void,
): Promise<MatrixCompute> {
  try {
    return nativeCompute(await load());
  } catch (error) {
    const isAbsent =
      (error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND' &&
      String(error).includes(`package '${BACKEND}'`);
    if (!isAbsent)
      onFallback(`Computing in TypeScript: ${BACKEND} is installed, but does not run here. ${String(error)}`);
    return plainCompute;
  }
}
