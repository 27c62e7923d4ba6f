import { ArtifactError, type TensorData } from '@palate/core';
import { folderTokens, type TextTokens } from '@palate/llm';
import { T5, type T5Config } from '@palate/nn';

/** A HuggingFace folder of a T5 with its tokenizer. */
export interface T5Folder {
  readonly tokens: TextTokens;
  readonly config: T5Config;
  /** Weights by name, copies that may be changed. */
  readonly values: Record<string, TensorData>;
}

/**
 * Reads a HuggingFace T5 folder whose weights a model starts from.
 *
 * @throws MissingDependencyError if `@huggingface/transformers` is not installed
 * @throws ArtifactError if a file is missing, damaged or of another model
 */
export async function readT5Folder(dir: string): Promise<T5Folder> {
  const tokens = await folderTokens(dir);
  using folder = await T5.load(dir);
  const { config } = folder;
  if (tokens.size > config.vocab_size)
    throw new ArtifactError(dir, {
      expected: `a tokenizer of at most ${config.vocab_size} tokens, as config.json says`,
      received: String(tokens.size),
      hint: 'The tokenizer belongs to another model: copy or download the folder again.',
    });
  return { tokens, config, values: await folder.parameters.values() };
}
