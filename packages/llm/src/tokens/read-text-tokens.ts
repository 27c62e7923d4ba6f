import { ArtifactError, type SavedFiles } from '@palate/core';
import { savedFolderTokens } from './folder-tokens.js';
import type { TextTokens } from './text-tokens.js';
import { savedWordTokens } from './word-tokens.js';

/**
 * The vocabulary of an artifact, among whose files are those that its `files` gave.
 *
 * @param dir - the artifact, for the message
 * @throws ArtifactError if it has the files of no vocabulary, or damaged ones
 * @throws MissingDependencyError if it needs a library that is not installed
 */
export async function readTextTokens(dir: string, artifact: SavedFiles): Promise<TextTokens> {
  const tokens = savedWordTokens(dir, artifact) ?? (await savedFolderTokens(dir, artifact));
  if (tokens) return tokens;
  throw new ArtifactError(dir, {
    expected: 'the files of a vocabulary (words.json or tokenizer.json)',
    received: Object.keys(artifact.files).join(', ') || 'none',
    hint: 'Restore the folder, or fit again.',
  });
}
