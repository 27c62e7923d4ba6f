import { join } from 'node:path';
import { option, userCacheFolder } from '@palate/core';

/**
 * The library @huggingface/transformers: the module itself, as `import * as transformers` gives it. Declared here by what every
 * copy of it has, so that the types of this package hold where the optional library is not installed.
 */
export interface TransformersLibrary {
  readonly AutoModel: { from_pretrained(name: string): Promise<unknown> };
  readonly AutoTokenizer: { from_pretrained(name: string): Promise<unknown> };
}

/** Where models of the hub are kept: outside of node_modules, which an installation wipes. */
const defaultModelDir = (): string => process.env.PALATE_MODELS ?? join(userCacheFolder(), 'models');

/** Options of all that the library runs. */
export const TRANSFORMERS_LIBRARY = {
  modelDir: option.text()({
    default: defaultModelDir,
    defaultText: "`PALATE_MODELS`, or `models` in the user's cache folder",
    doc: 'folder for models of the hub',
  }),
  library: option
    .value<TransformersLibrary>(
      'the library @huggingface/transformers',
      (value) => (typeof value === 'object' || typeof value === 'function') && value !== null,
    )
    .optional({ doc: 'the library, instead of importing it by name' }),
} as const;
