import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  ArtifactError,
  decodeSafetensors,
  encodeSafetensors,
  isObject,
  type TensorData,
  writeFailure,
  writeFileAtomically,
} from '@palate/core';
import { type T5Config, t5Config } from './config.js';

const CONFIG = 'config.json';
const WEIGHTS = 'model.safetensors';
/** Names the file of each weight, where they are in several. */
const INDEX = 'model.safetensors.index.json';

/** Names under which folders keep the input embedding. */
const EMBEDDINGS = ['shared.weight', 'encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'];

/**
 * Reads a HuggingFace folder of a T5: `config.json`, and `model.safetensors` or the files that `model.safetensors.index.json`
 * names. The configuration is corrected where the weights say otherwise: transformers 5 writes `tie_word_embeddings: true`
 * beside separate output vectors, and uses these.
 *
 * @throws ArtifactError if a file is missing or damaged, or is of another model
 */
export async function readT5Folder(
  dir: string,
): Promise<{ config: T5Config; tensors: Readonly<Record<string, TensorData>> }> {
  const json = parsed(dir, CONFIG, await readFile(join(dir, CONFIG)).catch(missing(dir, CONFIG)));
  const tensors = await readWeights(dir);
  const config = t5Config(json, dir);
  const embedding = sharedEmbedding(tensors, dir);
  if (embedding) tensors['shared.weight'] = embedding;
  const output = tensors['lm_head.weight'];
  if (!config.tie_word_embeddings || !output || !embedding || sameValues(output, embedding))
    return { config, tensors };
  const said = (json as Partial<T5Config>).scale_decoder_outputs;
  return { config: { ...config, tie_word_embeddings: false, scale_decoder_outputs: said ?? false }, tensors };
}

const missing =
  (dir: string, name: string) =>
  (cause: unknown): never => {
    throw new ArtifactError(dir, {
      expected: `the file ${name}`,
      received: 'none',
      hint: 'Use a folder of a HuggingFace T5 model with safetensors weights.',
      cause,
    });
  };

/** Runs the reader of a file, and names the file in its errors. */
function readBy<T>(dir: string, name: string, expected: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new ArtifactError(dir, {
      expected: `${expected} in ${name}`,
      received: (cause as Error).message,
      hint: 'Copy or download the folder again.',
      cause,
    });
  }
}

const parsed = (dir: string, name: string, bytes: Buffer): unknown =>
  readBy(dir, name, 'JSON', () => JSON.parse(bytes.toString('utf8')));

/** The weights of one file, or of those that the index names. */
async function readWeights(dir: string): Promise<Record<string, TensorData>> {
  const whole = await readFile(join(dir, WEIGHTS)).catch(() => undefined);
  const decode = (name: string, bytes: Buffer): Record<string, TensorData> =>
    readBy(dir, name, 'safetensors weights', () => decodeSafetensors(bytes).tensors);
  if (whole) return decode(WEIGHTS, whole);
  const index = parsed(dir, INDEX, await readFile(join(dir, INDEX)).catch(missing(dir, WEIGHTS)));
  const map = (index as { weight_map?: unknown } | null)?.weight_map;
  const names = isObject(map) ? [...new Set(Object.values(map))] : [];
  const foreign = names.find((name) => typeof name !== 'string' || name !== basename(name));
  if (names.length === 0 || foreign !== undefined)
    throw new ArtifactError(dir, {
      expected: `names of files of the folder in weight_map of ${INDEX}`,
      received: names.length === 0 ? 'none' : JSON.stringify(foreign),
      hint: 'Copy or download the folder again.',
    });
  const tensors: Record<string, TensorData> = {};
  for (const name of names as readonly string[])
    Object.assign(tensors, decode(name, await readFile(join(dir, name)).catch(missing(dir, name))));
  const absent = Object.keys(map as object).find((name) => !tensors[name]);
  if (absent !== undefined)
    throw new ArtifactError(dir, {
      expected: `the weight ${absent}, as ${INDEX} says`,
      received: 'none in the files that it names',
      hint: 'Copy or download the folder again.',
    });
  return tensors;
}

function sharedEmbedding(tensors: Readonly<Record<string, TensorData>>, dir: string): TensorData | undefined {
  const names = EMBEDDINGS.filter((name) => tensors[name]);
  const [first] = names;
  if (first === undefined) return undefined;
  const embedding = tensors[first] as TensorData;
  if (names.some((name) => !sameValues(tensors[name] as TensorData, embedding)))
    throw new ArtifactError(dir, {
      expected: 'one input embedding for encoder and decoder',
      received: `different values under ${names.join(' and ')}`,
      hint: 'Only T5 models that share it can be loaded.',
    });
  return embedding;
}

function sameValues(a: TensorData, b: TensorData): boolean {
  return a.values.length === b.values.length && a.values.every((value, k) => value === b.values[k]);
}

/**
 * Writes configuration and weights of a T5 as HuggingFace does; other files of the folder are left as they are.
 *
 * @throws ArtifactError unless there is nothing, an empty folder or one of a T5; or if it cannot be written
 */
export async function writeT5Folder(
  dir: string,
  config: T5Config,
  tensors: Readonly<Record<string, TensorData>>,
): Promise<void> {
  const target = resolve(dir);
  await checkT5Folder(target);
  const json = {
    ...config,
    architectures: [`${config.model_type === 'mt5' ? 'MT5' : 'T5'}ForConditionalGeneration`],
    model_type: config.model_type ?? 't5',
    is_encoder_decoder: true,
  };
  await mkdir(target, { recursive: true }).catch((error: unknown) => {
    throw writeFailure(dir, error);
  });
  await writeFileAtomically(join(target, WEIGHTS), encodeSafetensors(tensors, { format: 'pt' }));
  await writeFileAtomically(join(target, CONFIG), `${JSON.stringify(json, null, 2)}\n`);
}

async function checkT5Folder(dir: string): Promise<void> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw writeFailure(dir, error);
  });
  if (names.length === 0) return;
  const found = await readFile(join(dir, CONFIG), 'utf8')
    .then((text) => (JSON.parse(text) as { model_type?: unknown } | null)?.model_type)
    .catch(() => undefined);
  if (found === 't5' || found === 'mt5') return;
  throw new ArtifactError(dir, {
    expected: 'a new folder, an empty one, or one of a T5 model',
    received: `a folder of something else (${names[0]})`,
    hint: 'Choose another folder: nothing was written.',
  });
}
