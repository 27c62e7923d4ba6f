import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as Transformers from '@huggingface/transformers';
import { ArtifactError, MissingDependencyError, switchOffUsageReports } from '@palate/core';

/** The tokenizer of a HuggingFace folder. */
export interface TextTokenizer {
  /** Tokens that it may give: one more than the highest. */
  readonly size: number;
  /** Tokens of a text, without those that begin and end a sequence. */
  encode(text: string): number[];
  /** What it was made from, by file name. */
  readonly files: Readonly<Record<string, string>>;
}

/** The files that a tokenizer is made from. */
export const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'] as const;

async function importTransformers(): Promise<typeof Transformers> {
  switchOffUsageReports();
  try {
    return await import('@huggingface/transformers');
  } catch (cause) {
    throw new MissingDependencyError(
      '@huggingface/transformers',
      'a local ranker that starts from a HuggingFace folder',
      cause,
    );
  }
}

/**
 * Reads the tokenizer files of a folder.
 *
 * @throws ArtifactError if one is missing
 */
export async function readTokenizerFiles(dir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of TOKENIZER_FILES)
    files[name] = await readFile(join(dir, name), 'utf8').catch((cause: unknown) => {
      throw new ArtifactError(dir, {
        expected: `the file ${name}, which holds the tokenizer`,
        received: 'none',
        hint: `Use a folder with ${TOKENIZER_FILES.join(' and ')} beside the weights; save_pretrained of a fast tokenizer writes both.`,
        cause,
      });
    });
  return files;
}

/**
 * Makes a tokenizer from the texts of its files; nothing is looked up anywhere else.
 *
 * @param source - what the message names
 * @throws MissingDependencyError if the optional library is not installed
 * @throws ArtifactError if the files are no tokenizer, with the library's reason
 */
export async function textTokenizer(
  files: Readonly<Record<string, string>>,
  source: string,
): Promise<TextTokenizer> {
  const library = await importTransformers();
  try {
    const [tokenizer, config] = TOKENIZER_FILES.map((name) => JSON.parse(files[name] ?? '') as object);
    // The library's class for T5 adds nothing to this one.
    const made = new library.PreTrainedTokenizer(tokenizer as object, config as object);
    let size = 0;
    for (const token of made.get_vocab().values()) size = Math.max(size, token + 1);
    return { size, files, encode: (text) => made.encode(text, { add_special_tokens: false }) };
  } catch (cause) {
    throw new ArtifactError(source, {
      expected: `a tokenizer in ${TOKENIZER_FILES.join(' and ')}`,
      received: (cause as Error).message,
      hint: 'Copy or download the folder again.',
      cause,
    });
  }
}
