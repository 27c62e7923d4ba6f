import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type * as Transformers from '@huggingface/transformers';
import {
  checkNumber,
  checkOptions,
  InvalidInputError,
  MissingDependencyError,
  switchOffUsageReports,
} from '@palate/core';
import { BatchedEncoder, type EncoderOptions } from './batched-encoder.js';
import type { EmbeddingModel, PreparedText } from './embedding-model.js';

/** Options of {@link transformersEncoder}. */
export interface TransformersEncoderOptions extends EncoderOptions {
  /** A model of the hub, such as `"Xenova/all-MiniLM-L6-v2"`, or a folder with its configuration and ONNX file. */
  readonly model: string;
  /** How tokens become one vector: their mean, or the first token. Default `'mean'`. */
  readonly pooling?: 'mean' | 'cls';
  /** Weights to load, as the library names them. Default `'fp32'`. */
  readonly dtype?: 'fp32' | 'fp16' | 'q8' | 'q4';
  /** Most tokens that are read of a text. Default: what the tokenizer says, at most 512. */
  readonly maxTokens?: number;
  /** Texts a batch. Default 32. */
  readonly batchSize?: number;
  /** Folder for models of the hub. Default `PALATE_MODELS`, or `.cache/palate/models` in the home folder. */
  readonly modelDir?: string;
  /** The library, where it is not to be imported by name. */
  readonly library?: typeof Transformers;
}

const PACKAGE = '@huggingface/transformers';

/** Where models of the hub are kept: outside of node_modules, which an installation wipes. */
export function defaultModelDir(): string {
  return process.env.PALATE_MODELS ?? join(homedir(), '.cache', 'palate', 'models');
}

/** The optional library, imported when it is needed. */
export async function importTransformers(neededFor: string): Promise<typeof Transformers> {
  switchOffUsageReports();
  try {
    return await import('@huggingface/transformers');
  } catch (cause) {
    throw new MissingDependencyError(PACKAGE, neededFor, cause);
  }
}

/** True for what names a folder and not a model of the hub. */
export function isFolder(model: string): boolean {
  return isAbsolute(model) || model.startsWith('.') || model.split('/').length > 2;
}

/** Names the weights of a folder, since two folders of one name may hold different ones. */
async function weightsHash(folder: string, dtype: string): Promise<string> {
  const suffix = { fp32: '', fp16: '_fp16', q8: '_quantized', q4: '_q4' }[dtype] ?? '';
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, 'onnx', `model${suffix}.onnx`)), hash);
  return hash.digest('hex').slice(0, 8);
}

class TransformersModel implements EmbeddingModel {
  readonly id: string;
  readonly width: number;
  readonly #library: typeof Transformers;
  readonly #tokenizer: Transformers.PreTrainedTokenizer;
  readonly #model: Transformers.PreTrainedModel;
  readonly #options: TransformersEncoderOptions;
  readonly #maxTokens: number;

  constructor(
    name: string,
    options: TransformersEncoderOptions,
    library: typeof Transformers,
    tokenizer: Transformers.PreTrainedTokenizer,
    model: Transformers.PreTrainedModel,
  ) {
    const { hidden_size: width } = model.config as unknown as { hidden_size?: number };
    if (width === undefined)
      throw new InvalidInputError({
        expected: 'a text encoder whose configuration names its hidden_size',
        received: options.model,
        hint: 'Choose a sentence encoder such as Xenova/all-MiniLM-L6-v2.',
      });
    this.width = width;
    this.id = `transformers:${name}:${options.dtype ?? 'fp32'}:${options.pooling ?? 'mean'}`;
    this.#library = library;
    this.#tokenizer = tokenizer;
    this.#model = model;
    this.#options = options;
    const limit = (tokenizer as unknown as { model_max_length?: number }).model_max_length ?? 512;
    this.#maxTokens = options.maxTokens ?? Math.min(512, limit);
  }

  prepare(text: string): PreparedText {
    const ids = this.#tokenizer.encode(text);
    return {
      input: text,
      length: Math.min(ids.length, this.#maxTokens),
      truncated: ids.length > this.#maxTokens,
    };
  }

  batchSize(): number {
    return this.#options.batchSize ?? 32;
  }

  async embed(batch: readonly PreparedText[]): Promise<Float32Array> {
    const inputs = this.#tokenizer(
      batch.map(({ input }) => input as string),
      { padding: true, truncation: true, max_length: this.#maxTokens },
    ) as { attention_mask: Transformers.Tensor };
    const { last_hidden_state: states } = (await this.#model(inputs)) as {
      last_hidden_state: Transformers.Tensor;
    };
    const pooled =
      this.#options.pooling === 'cls'
        ? states.slice(null, 0)
        : this.#library.mean_pooling(states, inputs.attention_mask);
    return Float32Array.from(pooled.data as Float32Array);
  }
}

/**
 * A text encoder of the HuggingFace hub or of a local folder, run by `@huggingface/transformers`.
 *
 * @throws MissingDependencyError if the optional library is not installed
 * @throws InvalidInputError if the model cannot be loaded, with the library's reason
 */
export async function transformersEncoder(options: TransformersEncoderOptions): Promise<BatchedEncoder> {
  checkOptions('transformersEncoder', options, [
    'model',
    'pooling',
    'dtype',
    'maxTokens',
    'batchSize',
    'modelDir',
    'library',
    'cacheDir',
  ]);
  for (const name of ['maxTokens', 'batchSize'] as const)
    if (options[name] !== undefined) checkNumber(name, options[name], { min: 1, integer: true });
  const library = options.library ?? (await importTransformers('the transformers text encoder'));
  const folder = isFolder(options.model);
  const path = folder ? resolve(options.model) : options.model;
  const shared = {
    cache_dir: options.modelDir ?? defaultModelDir(),
    local_files_only: folder,
  };
  try {
    // The library looks for local models below one folder: the parent of the one that is asked for.
    if (folder) library.env.localModelPath = dirname(path);
    const name = folder ? basename(path) : path;
    const tokenizer = await library.AutoTokenizer.from_pretrained(name, shared);
    const model = await library.AutoModel.from_pretrained(name, {
      ...shared,
      dtype: options.dtype ?? 'fp32',
    });
    return new BatchedEncoder(
      new TransformersModel(
        folder ? `${name}@${await weightsHash(path, options.dtype ?? 'fp32')}` : name,
        options,
        library,
        tokenizer,
        model,
      ),
      options.cacheDir === undefined ? {} : { cacheDir: options.cacheDir },
    );
  } catch (cause) {
    throw new InvalidInputError({
      expected: folder ? `a model folder at ${path}` : `the model ${path} of the hub or its local copy`,
      received: (cause as Error).message,
      hint: folder
        ? 'The folder needs config.json, tokenizer.json and onnx/model.onnx.'
        : 'Check the name and the connection, or give a folder.',
      cause,
    });
  }
}
