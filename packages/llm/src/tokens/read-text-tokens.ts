import { ArtifactError } from '@palate/core';
import { savedFolderTokens } from './folder-tokens.js';
import type { TextTokens } from './text-tokens.js';
import { savedWordTokens } from './word-tokens.js';

/**
 * Rebuilds a vocabulary from what its `files` gave.
 *
 * @param source - the folder they lay in, for the message
 * @throws ArtifactError if the files are those of no vocabulary, or damaged
 * @throws MissingDependencyError if it needs a library that is not installed
 */
export async function readTextTokens(
  files: Readonly<Record<string, string>>,
  source: string,
): Promise<TextTokens> {
  const tokens = savedWordTokens(files, source) ?? (await savedFolderTokens(files, source));
  if (tokens) return tokens;
  throw new ArtifactError(source, {
    expected: 'the files of a vocabulary (words.json or tokenizer.json)',
    received: Object.keys(files).join(', ') || 'none',
    hint: 'Restore the folder, or fit again.',
  });
}
