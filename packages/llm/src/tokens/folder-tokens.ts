import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash, InvalidInputError } from '@palate/core';
import { importTransformers } from '../encoders/transformers-encoder.js';
import { type Json, makeTokenizer } from '../encoders/transformers-folder.js';
import type { TextTokens } from './text-tokens.js';

const TOKENIZER = 'tokenizer.json';
const OTHERS = ['tokenizer_config.json', 'config.json'] as const;

/**
 * Reads the vocabulary of a T5 folder (`tokenizer.json` and, where they are there, `tokenizer_config.json` and
 * `config.json`), by the optional peer `@huggingface/transformers`.
 *
 * @throws MissingDependencyError if the library is not installed
 * @throws InvalidInputError if the folder has no `tokenizer.json`, or its vocabulary no end token
 */
export async function folderTokens(dir: string): Promise<TextTokens> {
  const files: Record<string, string> = {};
  for (const name of [TOKENIZER, ...OTHERS]) {
    const text = await readFile(join(dir, name), 'utf8').catch(() => undefined);
    if (text !== undefined) files[name] = text;
  }
  const tokens = await savedFolderTokens(files);
  if (tokens) return tokens;
  throw new InvalidInputError({
    expected: `the file ${TOKENIZER} in the model folder ${dir}`,
    received: 'none',
    hint: 'Save the fast tokenizer (tokenizer.save_pretrained); a file of SentencePiece alone is not read.',
  });
}

/** Rebuilds the vocabulary from its files; undefined where they are of another kind. */
export async function savedFolderTokens(
  files: Readonly<Record<string, string>>,
): Promise<TextTokens | undefined> {
  if (files[TOKENIZER] === undefined) return undefined;
  const library = await importTransformers('reading the vocabulary of a model folder');
  const read = (name: string): Json | undefined =>
    files[name] === undefined ? undefined : (JSON.parse(files[name]) as Json);
  const tokenizer = makeTokenizer(library, {
    tokenizer: read(TOKENIZER),
    given: read('tokenizer_config.json'),
    config: read('config.json'),
  });
  const end = tokenizer.eos_token_id;
  if (typeof end !== 'number')
    throw new InvalidInputError({
      expected: 'a vocabulary with an end token',
      received: 'none',
      hint: 'Name eos_token in tokenizer_config.json.',
    });
  return {
    id: `tokenizer:${contentHash(files[TOKENIZER]).slice(0, 16)}`,
    size: vocabularySize(read('config.json'), tokenizer.get_vocab()),
    end,
    padding: tokenizer.pad_token_id ?? 0,
    encode: (text) => Int32Array.from(tokenizer.encode(text, { add_special_tokens: false })),
    decode: (ids) => tokenizer.decode(Array.from(ids), { skip_special_tokens: true }),
    files: () => files,
  };
}

/** Size by the model's configuration, which may count more tokens than the tokenizer has. */
function vocabularySize(config: Json | undefined, vocabulary: ReadonlyMap<string, number>): number {
  const least = Math.max(...vocabulary.values()) + 1;
  return Math.max(least, typeof config?.vocab_size === 'number' ? config.vocab_size : 0);
}
