import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactError, contentHash } from '@palate/core';
import { importTransformers } from '../encoders/transformers-encoder.js';
import { inferredTokenizerConfig, type Json, makeTokenizer } from '../encoders/transformers-folder.js';
import type { TextTokens } from './text-tokens.js';

const TOKENIZER = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';

/**
 * Reads the vocabulary of a HuggingFace folder by the optional peer `@huggingface/transformers`; nothing is looked up anywhere
 * else. Without `tokenizer_config.json` the special tokens are taken from `tokenizer.json` and `config.json`.
 *
 * @throws MissingDependencyError if the library is not installed
 * @throws ArtifactError if `tokenizer.json` is missing, or the files are no tokenizer, with the library's reason
 */
export async function folderTokens(dir: string): Promise<TextTokens> {
  return tokensOf(await readTokenizerFiles(dir), dir);
}

/** Rebuilds the vocabulary from its files; undefined where they are of another kind. */
export async function savedFolderTokens(
  files: Readonly<Record<string, string>>,
  source: string,
): Promise<TextTokens | undefined> {
  return files[TOKENIZER] === undefined ? undefined : tokensOf(files, source);
}

async function readTokenizerFiles(dir: string): Promise<Record<string, string>> {
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
  const parsed = (name: string, text: string): Json => {
    try {
      return JSON.parse(text) as Json;
    } catch (cause) {
      throw fault(`JSON in ${name}`, (cause as Error).message, cause);
    }
  };
  const tokenizer = await read(TOKENIZER);
  if (tokenizer === undefined) throw fault(`the file ${TOKENIZER}, which holds the tokenizer`, 'none');
  const given = await read(CONFIG);
  const config = (await read('config.json')) ?? '{}';
  return {
    [TOKENIZER]: tokenizer,
    [CONFIG]:
      given ??
      JSON.stringify(inferredTokenizerConfig(parsed(TOKENIZER, tokenizer), parsed('config.json', config))),
  };
}

async function tokensOf(files: Readonly<Record<string, string>>, source: string): Promise<TextTokens> {
  const library = await importTransformers('reading the vocabulary of a model folder');
  try {
    const json = (name: string): Json => JSON.parse(files[name] ?? '') as Json;
    const tokenizer = makeTokenizer(library, {
      tokenizer: json(TOKENIZER),
      given: json(CONFIG),
      config: undefined,
    });
    let size = 0;
    for (const token of tokenizer.get_vocab().values()) size = Math.max(size, token + 1);
    return {
      id: `tokenizer:${contentHash(files[TOKENIZER]).slice(0, 16)}`,
      size,
      end: tokenizer.eos_token_id,
      padding: tokenizer.pad_token_id ?? 0,
      encode: (text) => Int32Array.from(tokenizer.encode(text, { add_special_tokens: false })),
      decode: (ids) => tokenizer.decode(Array.from(ids), { skip_special_tokens: true }),
      files: () => files,
    };
  } catch (cause) {
    throw new ArtifactError(source, {
      expected: `a tokenizer in ${TOKENIZER} and ${CONFIG}`,
      received: (cause as Error).message,
      hint: 'Copy or download the folder again.',
      cause,
    });
  }
}
