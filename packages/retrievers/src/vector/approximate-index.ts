import { PalateError, type VectorIndex } from '@palate/core';
import { ExactIndex } from './exact-index.js';
import { HnswIndex, type HnswIndexOptions } from './hnsw-index.js';

/** Options of {@link approximateIndex}. */
export interface ApproximateIndexOptions extends HnswIndexOptions {
  /** Called with the reason why the exact index is used instead. Default: a warning of the process. */
  readonly onFallback?: ((reason: string) => void) | undefined;
}

/**
 * An empty approximate index, or an exact one where hnswlib-node is not installed: the results are as good, and a
 * message says what is missing.
 *
 * @param width - width of the vectors
 */
export async function approximateIndex(
  width: number,
  options: ApproximateIndexOptions = {},
): Promise<VectorIndex> {
  const { onFallback, ...hnsw } = options;
  try {
    return await HnswIndex.create(width, hnsw);
  } catch (error) {
    if (!(PalateError.is(error) && error.code === 'missing-dependency')) throw error;
    const reason = `Searching exactly instead of approximately. ${error.message}`;
    if (onFallback) onFallback(reason);
    else process.emitWarning(reason);
    return new ExactIndex(width);
  }
}
