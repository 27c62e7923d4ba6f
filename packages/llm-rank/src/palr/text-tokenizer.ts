import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as Transformers from '@huggingface/transformers';
import { ArtifactError, MissingDependencyError, switchOffUsageReports } from '@palate/core';
import { inferredTokenizerConfig } from '@palate/llm';

/** The tokenizer of a HuggingFace folder. */
export interface TextTokenizer {
  /** Tokens that it may give: one more than the highest. */
  readonly size: number;
  /** Tokens of a text, without those that begin and end a sequence. */
  encode(text: string): number[];
  /** Files that it was made from, by name. */
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
 * Reads the tokenizer files of a folder. Without `tokenizer_config.json` the special tokens are taken from
 * `tokenizer.json` and `config.json`.
 *
 * @throws ArtifactError if `tokenizer.json` is missing or no JSON
 */
export async function readTokenizerFiles(dir: string): Promise<Record<string, string>> {
  const fault = (expected: string, received: string, cause?: unknown): ArtifactError =>
    new ArtifactError(dir, {
      expected,
      received,
      hint: 'Use a folder with tokenizer.json beside the weights; save_pretrained of a fast tokenizer writes it.',
      cause,
    });
  const read = (name: string): Promise<string | undefined> =>
    readFile(join(dir, name), 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined;
      throw fault(`a readable file ${name}`, cause.message, cause);
    });
  const parsed = (name: string, text: string): Readonly<Record<string, unknown>> => {
    try {
      return JSON.parse(text) as Readonly<Record<string, unknown>>;
    } catch (cause) {
      throw fault(`JSON in ${name}`, (cause as Error).message, cause);
    }
  };
  const tokenizer = await read('tokenizer.json');
  if (tokenizer === undefined) throw fault('the file tokenizer.json, which holds the tokenizer', 'none');
  const given = await read('tokenizer_config.json');
  const config = (await read('config.json')) ?? '{}';
  return {
    'tokenizer.json': tokenizer,
    'tokenizer_config.json':
      given ??
      JSON.stringify(
        inferredTokenizerConfig(parsed('tokenizer.json', tokenizer), parsed('config.json', config)),
      ),
  };
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
