import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type * as Transformers from '@huggingface/transformers';
import {
  checkNumber,
  checkOptions,
  InvalidInputError,
  MissingDependencyError,
  PalateError,
  switchOffUsageReports,
} from '@palate/core';
import { ModelCallError } from '../models/model-error.js';
import { BatchedEncoder, type EncoderOptions } from './batched-encoder.js';
import type { EmbeddingModel, PreparedText } from './embedding-model.js';
import {
  checkModelFolder,
  configOf,
  folderTokenizer,
  fromFolder,
  fromHub,
  isFolder,
  positionsOf,
  weightsHash,
} from './transformers-folder.js';

/** Options of {@link transformersEncoder}. */
export interface TransformersEncoderOptions extends EncoderOptions {
  /** A model of the hub, such as `"Xenova/all-MiniLM-L6-v2"`, or a folder with its configuration and ONNX file. */
  readonly model: string;
  /** How tokens become one vector: their mean, or the first token. Default `'mean'`. */
  readonly pooling?: 'mean' | 'cls' | undefined;
  /** Weights to load, as the library names them. Default `'fp32'`. */
  readonly dtype?: 'fp32' | 'fp16' | 'q8' | 'q4' | undefined;
  /** Most tokens that are read of a text. Default: what tokenizer and model read, at most 512. */
  readonly maxTokens?: number | undefined;
  /** Texts a batch. Default 32. */
  readonly batchSize?: number | undefined;
  /** Folder for models of the hub. Default `PALATE_MODELS`, or `.cache/palate/models` in the home folder. */
  readonly modelDir?: string | undefined;
  /** The library, where it is not to be imported by name. */
  readonly library?: typeof Transformers | undefined;
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
    const { hidden_size: width } = configOf(model);
    if (typeof width !== 'number')
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
    const told: unknown = tokenizer.model_max_length;
    const limit = typeof told === 'number' && told >= 1 ? told : 512;
    const positions = positionsOf(model);
    if (options.maxTokens !== undefined && options.maxTokens > positions)
      throw new InvalidInputError({
        expected: `maxTokens of at most ${positions}, as many as ${name} has positions for`,
        received: String(options.maxTokens),
        hint: 'Lower maxTokens, or leave it out.',
      });
    this.#maxTokens = options.maxTokens ?? Math.min(512, limit, positions);
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
    const states = await this.#run(inputs);
    const pooled =
      this.#options.pooling === 'cls'
        ? states.slice(null, 0)
        : this.#library.mean_pooling(states, inputs.attention_mask);
    const width = pooled.dims.at(-1);
    if (width !== this.width)
      throw new InvalidInputError({
        expected: `vectors of ${this.width} numbers from ${this.id}, as hidden_size in its config.json says`,
        received: `${width} numbers`,
        hint: 'Check that config.json and the weights belong to one model.',
      });
    return Float32Array.from(pooled.data as Float32Array);
  }

  async #run(inputs: object): Promise<Transformers.Tensor> {
    let states: Transformers.Tensor | undefined;
    try {
      states = ((await this.#model(inputs)) as { last_hidden_state?: Transformers.Tensor }).last_hidden_state;
    } catch (cause) {
      throw new ModelCallError('server-failed', {
        expected: `${this.id} to run`,
        received: cause instanceof Error ? cause.message : String(cause),
        hint: 'Check that the files are those of one text encoder, complete and of the chosen dtype.',
        cause,
      });
    }
    if (!states)
      throw new InvalidInputError({
        expected: `a text encoder that gives last_hidden_state`,
        received: this.id,
        hint: 'Export the encoder without its head (optimum-cli export onnx --task feature-extraction).',
      });
    return states;
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
  const { dtype = 'fp32' } = options;
  const folder = isFolder(options.model);
  const path = folder ? resolve(options.model) : options.model;
  if (folder) await checkModelFolder(path, dtype);
  const shared = { cache_dir: options.modelDir ?? defaultModelDir(), local_files_only: folder };
  try {
    const load = (name: string): Promise<Transformers.PreTrainedModel> =>
      library.AutoModel.from_pretrained(name, { ...shared, dtype });
    const [tokenizer, model] = folder
      ? [await folderTokenizer(library, path), await fromFolder(library, path, load)]
      : await fromHub(
          async () => [await library.AutoTokenizer.from_pretrained(path, shared), await load(path)] as const,
        );
    const name = folder ? `${basename(path)}@${await weightsHash(path, dtype)}` : path;
    return new BatchedEncoder(new TransformersModel(name, options, library, tokenizer, model), {
      cacheDir: options.cacheDir,
    });
  } catch (cause) {
    if (PalateError.is(cause)) throw cause;
    throw new InvalidInputError({
      expected: folder ? `a model folder at ${path}` : `the model ${path} of the hub or its local copy`,
      received: (cause as Error).message,
      hint: folder
        ? 'Check that its files are those of one text encoder, exported to ONNX.'
        : 'Check the name and the connection, or give a folder.',
      cause,
    });
  }
}
