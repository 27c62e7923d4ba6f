import { InvalidInputError } from '@palate/core';
import { savedFolderTokens } from './folder-tokens.js';
import type { TextTokens } from './text-tokens.js';
import { savedWordTokens } from './word-tokens.js';

/**
 * Rebuilds a vocabulary from what its `files` gave.
 *
 * @throws InvalidInputError if the files are those of no vocabulary
 * @throws MissingDependencyError if it needs a library that is not installed
 */
export async function readTextTokens(files: Readonly<Record<string, string>>): Promise<TextTokens> {
  const tokens = savedWordTokens(files) ?? (await savedFolderTokens(files));
  if (tokens) return tokens;
  throw new InvalidInputError({
    expected: 'the files of a vocabulary (words.json or tokenizer.json)',
    received: Object.keys(files).join(', ') || 'none',
    hint: 'Give what TextTokens.files() gave.',
  });
}
