import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type * as Transformers from '@huggingface/transformers';
import { InvalidInputError, isObject } from '@palate/core';
import { Gate } from '../models/gate.js';

/** The end of the name of an ONNX file, by what the library calls its weights. */
const SUFFIX: Readonly<Record<string, string>> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  q4: '_q4',
  q4f16: '_q4f16',
};

/** True for what names a folder and not a model of the hub: a path, or a folder that is there. */
export function isFolder(model: string): boolean {
  return (
    isAbsolute(model) ||
    model.startsWith('.') ||
    model.split(/[\\/]/).length > 2 ||
    statSync(model, { throwIfNoEntry: false })?.isDirectory() === true
  );
}

/**
 * Refuses a folder that lacks a file without which no model can be loaded.
 *
 * @throws InvalidInputError that names the file
 */
export async function checkModelFolder(path: string, dtype: string): Promise<void> {
  const found = await readdir(path).catch(() => undefined);
  if (!found)
    throw new InvalidInputError({
      expected: `a model folder at ${path}`,
      received: (await stat(path).catch(() => undefined))?.isFile() ? 'a file' : 'no such folder',
      hint: 'Check the path. Name a model of the hub by owner and name, for example "Xenova/all-MiniLM-L6-v2".',
    });
  const weights = join('onnx', weightsName(dtype));
  for (const file of ['config.json', 'tokenizer.json', weights])
    if (!statSync(join(path, file), { throwIfNoEntry: false })?.isFile())
      throw new InvalidInputError({
        expected: `the file ${file} in the model folder ${path}`,
        received: `none among ${[...found].sort().slice(0, 12).join(', ') || 'no files'}`,
        hint:
          file === weights
            ? 'Export the model to ONNX into the folder onnx (optimum-cli export onnx), or choose another dtype.'
            : file === 'tokenizer.json'
              ? 'Save the fast tokenizer (tokenizer.save_pretrained); a SentencePiece file or a vocabulary alone is not enough.'
              : 'Copy the whole folder of the model.',
      });
  await readJson(join(path, 'config.json'));
  if (typeof (await readJson(join(path, 'tokenizer.json')))?.model !== 'object')
    throw new InvalidInputError({
      expected: `a fast tokenizer, with a "model", in ${join(path, 'tokenizer.json')}`,
      received: 'an object without one',
      hint: 'Save the fast tokenizer (tokenizer.save_pretrained).',
    });
}

const weightsName = (dtype: string): string => `model${SUFFIX[dtype] ?? ''}.onnx`;

/** Names the weights of a folder, since two folders of one name may hold different ones. */
export async function weightsHash(path: string, dtype: string): Promise<string> {
  const name = weightsName(dtype);
  // Large models keep their numbers in files beside the graph.
  const files = (await readdir(join(path, 'onnx'))).filter(
    (file) => file === name || file.startsWith(`${name}_data`) || file === `${name}.data`,
  );
  const hash = createHash('sha256');
  for (const file of files.sort())
    await pipeline(createReadStream(join(path, 'onnx', file)), hash, { end: false });
  return hash.digest('hex').slice(0, 8);
}

/** The library looks for local models below one folder, which is a setting for all: loads wait for one another. */
const turn = new Gate(1);

/** Loads from a folder by the library's own means, without any request to the hub. */
export function fromFolder<T>(
  library: typeof Transformers,
  path: string,
  load: (name: string) => Promise<T>,
): Promise<T> {
  return turn.run(undefined, async () => {
    const { env } = library;
    const before = { localModelPath: env.localModelPath, allowRemoteModels: env.allowRemoteModels };
    Object.assign(env, { localModelPath: dirname(path), allowRemoteModels: false });
    try {
      // Names that no model of the hub can have are taken for paths as they are.
      return await load(/^[\w.-]+$/.test(basename(path)) ? basename(path) : path);
    } finally {
      Object.assign(env, before);
    }
  });
}

/** Loads from the hub or its local copy; waits until no folder is being loaded. */
export function fromHub<T>(load: () => Promise<T>): Promise<T> {
  return turn.run(undefined, load);
}

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * Reads an object of JSON; undefined where there is no file.
 *
 * @throws InvalidInputError for a file of something else
 */
export async function readJson(path: string): Promise<Json | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const refuse = (received: string, cause?: unknown): never => {
    throw new InvalidInputError({
      expected: `an object of JSON in ${path}`,
      received,
      hint: /^version https:\/\/git-lfs/.test(text)
        ? 'This is a pointer of Git LFS: fetch the file itself (git lfs pull).'
        : 'Copy the file again.',
      cause,
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    refuse((cause as Error).message, cause);
  }
  return isObject(value) ? value : refuse(Array.isArray(value) ? 'an array' : String(value));
}

/**
 * Makes the tokenizer of a folder from its files, by the library's class for it.
 *
 * Special tokens that `tokenizer_config.json` does not name, or all where it is missing, are taken from
 * `tokenizer.json` and `config.json`. The library's own loader would ask the hub for the file.
 */
export async function folderTokenizer(
  library: typeof Transformers,
  path: string,
): Promise<Transformers.PreTrainedTokenizer> {
  const tokenizer = await readJson(join(path, 'tokenizer.json'));
  const given = await readJson(join(path, 'tokenizer_config.json'));
  const config = await readJson(join(path, 'config.json'));
  const template = await readFile(join(path, 'chat_template.jinja'), 'utf8').catch(() => undefined);
  return makeTokenizer(library, { tokenizer, given, config, template });
}

/** Contents of a folder's files that make its tokenizer. */
interface TokenizerFiles {
  /** Content of `tokenizer.json`. */
  readonly tokenizer: Json | undefined;
  /** Content of `tokenizer_config.json`. */
  readonly given: Json | undefined;
  /** Content of `config.json`. */
  readonly config: Json | undefined;
  /** Content of `chat_template.jinja`. */
  readonly template?: string | undefined;
}

/** Makes a tokenizer as {@link folderTokenizer} does, from the contents of the files. */
export function makeTokenizer(
  library: typeof Transformers,
  { tokenizer = {}, given, config: model = {}, template: file }: TokenizerFiles,
): Transformers.PreTrainedTokenizer {
  const config: Json = { ...inferredTokenizerConfig(tokenizer, model), ...given };
  const template = config.chat_template ?? file;
  const name = String(config.tokenizer_class ?? '').replace(/Fast$/, '');
  // The folder names one of the library's classes.
  const classes = library as unknown as Record<string, typeof library.PreTrainedTokenizer | undefined>;
  const Class = (/^\w+Tokenizer$/.test(name) ? classes[name] : undefined) ?? library.PreTrainedTokenizer;
  const limit = config.model_max_length;
  return new Class(tokenizer, {
    ...config,
    // The library would cut every text to it, and to nothing at 0.
    ...(limit !== undefined && !(Number(limit) >= 1) && { model_max_length: undefined }),
    ...(template !== undefined && { chat_template: template }),
  });
}

/** Names that the special tokens of widespread models have. */
const SPECIAL: Readonly<Record<string, readonly string[]>> = {
  pad_token: ['[PAD]', '<pad>', '<|endoftext|>', '</s>', '<|end_of_text|>'],
  unk_token: ['[UNK]', '<unk>'],
  cls_token: ['[CLS]', '<s>'],
  sep_token: ['[SEP]', '</s>'],
  mask_token: ['[MASK]', '<mask>'],
  bos_token: ['<s>', '<bos>', '<|begin_of_text|>'],
  eos_token: ['</s>', '<eos>', '<|endoftext|>', '<|end_of_text|>'],
};

/**
 * Finds what `tokenizer_config.json` would say of the special tokens of a folder that lacks it.
 *
 * @param tokenizer - content of `tokenizer.json`
 * @param config - content of the model's `config.json`
 */
export function inferredTokenizerConfig(tokenizer: Json, config: Json): Json {
  const added = (Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : []) as {
    readonly id?: unknown;
    readonly content?: unknown;
  }[];
  const known = new Map(added.map(({ id, content }) => [content, id]));
  const vocab = (tokenizer.model as { vocab?: unknown } | undefined)?.vocab;
  const has = (token: string): boolean =>
    known.has(token) ||
    (typeof vocab === 'object' && vocab !== null && !Array.isArray(vocab) && token in vocab);
  const result: Record<string, unknown> = {};
  for (const [name, tokens] of Object.entries(SPECIAL)) {
    const id = config[`${name}_id`];
    const byId = typeof id === 'number' ? added.find((one) => one.id === id)?.content : undefined;
    const token = byId ?? tokens.find(has);
    if (token !== undefined) result[name] = token;
  }
  return result;
}

/** Families whose positions begin after that of the padding, as fairseq has it. */
const OFFSET_FAMILIES = /^(xlm-)?roberta|^camembert|^mpnet|^data2vec-text|^longformer|^bigbird|^xmod/;

/** The position of the first token, by a model's `config.json`. */
export function firstPositionOf(config: Json): number {
  const padding = typeof config.pad_token_id === 'number' ? config.pad_token_id : 1;
  return OFFSET_FAMILIES.test(String(config.model_type)) ? padding + 1 : 0;
}

/** Every field of a model's `config.json`; the library declares some of them. */
export function configOf(model: Transformers.PreTrainedModel): Json {
  return { ...model.config };
}

/** Tokens of one text that a model has positions for; infinitely many where its configuration names none. */
export function positionsOf(model: Transformers.PreTrainedModel): number {
  const config = configOf(model);
  const extent = config.max_position_embeddings ?? config.n_positions ?? config.n_ctx;
  if (typeof extent !== 'number' || !(extent >= 1)) return Number.POSITIVE_INFINITY;
  return extent - firstPositionOf(config);
}
