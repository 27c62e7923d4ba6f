import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactError, contentHash, type SavedFiles, savedText } from '@palate/core';
import { inferredTokenizerConfig, type Json, makeTokenizer } from '../encoders/transformers-folder.js';
import { importTransformers } from '../encoders/transformers-library.js';
import { sentencePieceTokenizer } from './sentence-piece.js';
import type { TextTokens } from './text-tokens.js';

const TOKENIZER = 'tokenizer.json';
/** The slow form of T5's tokenizer, which is turned into the other. */
const PIECES = 'spiece.model';
/** Tokens that T5 has behind its pieces, where nothing says otherwise. */
const SENTINELS = 100;
const CONFIG = 'tokenizer_config.json';

/**
 * Reads the vocabulary of a HuggingFace folder by the optional peer `@huggingface/transformers`: `tokenizer.json`, or else
 * `spiece.model`; nothing is looked up anywhere else. Without `tokenizer_config.json` the special tokens are taken from
 * `tokenizer.json` and `config.json`.
 *
 * @throws MissingDependencyError if the library is not installed
 * @throws ArtifactError if both are missing, or the files are no tokenizer, with the library's reason
 */
export async function folderTokens(dir: string): Promise<TextTokens> {
  return tokensOf(await readTokenizerFiles(dir), dir);
}

/** The vocabulary of an artifact; undefined where the files are of another kind. */
export async function savedFolderTokens(dir: string, artifact: SavedFiles): Promise<TextTokens | undefined> {
  if (!Object.hasOwn(artifact.files, TOKENIZER)) return undefined;
  const text = (file: string): string => savedText(dir, artifact, file, 'a tokenizer');
  return tokensOf({ [TOKENIZER]: text(TOKENIZER), [CONFIG]: text(CONFIG) }, dir);
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
  const given = await read(CONFIG);
  const config = (await read('config.json')) ?? '{}';
  const tokenizer = (await read(TOKENIZER)) ?? (await fromPieces(given, config));
  return {
    [TOKENIZER]: tokenizer,
    [CONFIG]:
      given ??
      JSON.stringify(inferredTokenizerConfig(parsed(TOKENIZER, tokenizer), parsed('config.json', config))),
  };

  async function fromPieces(settings: string | undefined, model: string): Promise<string> {
    const bytes = await readFile(join(dir, PIECES)).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'ENOENT'
        ? fault(`the file ${TOKENIZER} or ${PIECES}, which holds the tokenizer`, 'none')
        : fault(`a readable file ${PIECES}`, cause.message, cause);
    });
    const { extra_ids: count } = parsed(CONFIG, settings ?? '{}');
    const isT5 = parsed('config.json', model).model_type === 't5';
    const sentinels = typeof count === 'number' ? count : isT5 ? SENTINELS : 0;
    return JSON.stringify(sentencePieceTokenizer(bytes, sentinels, dir));
  }
}

async function tokensOf(files: Readonly<Record<string, string>>, source: string): Promise<TextTokens> {
  const library = await importTransformers('reading the vocabulary of a model folder');
  try {
    const json = (name: string): Json => JSON.parse(files[name] ?? '') as Json;
    const content = json(TOKENIZER);
    const tokenizer = makeTokenizer(library, {
      tokenizer: content,
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
