import { basename, resolve } from 'node:path';
import type * as Transformers from '@huggingface/transformers';
import {
  defineOptions,
  InvalidInputError,
  type OptionsOf,
  option,
  PalateError,
  type SettingsOf,
} from '@palate/core';
import { ModelCallError } from '../models/model-error.js';
import { BatchedEncoder, ENCODER } from './batched-encoder.js';
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
import { givenOrImported } from './transformers-library.js';
import { TRANSFORMERS_LIBRARY } from './transformers-options.js';

/** Options of {@link transformersEncoder}. */
export const TRANSFORMERS_ENCODER = defineOptions(
  'transformersEncoder',
  {
    model: option.text(1).required({
      doc: 'a model of the hub, such as `Xenova/all-MiniLM-L6-v2`, or a folder with its configuration and ONNX file',
    }),
    pooling: option.choice(['mean', 'cls'])({
      default: 'mean',
      doc: 'how tokens become one vector: their mean, or the first token',
    }),
    dtype: option.choice(['fp32', 'fp16', 'q8', 'q4'])({
      default: 'fp32',
      doc: 'weights to load, as the library names them',
    }),
    maxTokens: option.integer({ min: 1 }).optional({
      doc: 'most tokens read of a text; left out: what tokenizer and model read, at most 512',
    }),
    batchSize: option.integer({ min: 1 })({ default: 32, doc: 'texts a batch' }),
    ...TRANSFORMERS_LIBRARY,
    ...ENCODER.declarations,
  },
  [],
);

/** Options of {@link transformersEncoder}; {@link TRANSFORMERS_ENCODER} says what each does. */
export type TransformersEncoderOptions = OptionsOf<typeof TRANSFORMERS_ENCODER.declarations>;

type TransformersEncoderSettings = SettingsOf<typeof TRANSFORMERS_ENCODER.declarations>;

class TransformersModel implements EmbeddingModel {
  readonly id: string;
  readonly width: number;
  readonly #library: typeof Transformers;
  readonly #tokenizer: Transformers.PreTrainedTokenizer;
  readonly #model: Transformers.PreTrainedModel;
  readonly #settings: TransformersEncoderSettings;
  readonly #maxTokens: number;

  constructor(
    name: string,
    settings: TransformersEncoderSettings,
    library: typeof Transformers,
    tokenizer: Transformers.PreTrainedTokenizer,
    model: Transformers.PreTrainedModel,
  ) {
    const { hidden_size: width } = configOf(model);
    if (typeof width !== 'number')
      throw new InvalidInputError({
        expected: 'a text encoder whose configuration names its hidden_size',
        received: settings.model,
        hint: 'Choose a sentence encoder such as Xenova/all-MiniLM-L6-v2.',
      });
    this.width = width;
    const cut = settings.maxTokens === undefined ? '' : `:${settings.maxTokens}-tokens`;
    // What is cut elsewhere has another vector: vectors are cached by the id.
    this.id = `transformers:${name}:${settings.dtype}:${settings.pooling}${cut}`;
    this.#library = library;
    this.#tokenizer = tokenizer;
    this.#model = model;
    this.#settings = settings;
    const told: unknown = tokenizer.model_max_length;
    const limit = typeof told === 'number' && told >= 1 ? told : 512;
    const positions = positionsOf(model);
    if (settings.maxTokens !== undefined && settings.maxTokens > positions)
      throw new InvalidInputError({
        expected: `maxTokens of at most ${positions}, the number of positions of ${name}`,
        received: String(settings.maxTokens),
        hint: 'Lower maxTokens, or leave it out.',
      });
    this.#maxTokens = settings.maxTokens ?? Math.min(512, limit, positions);
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
    return this.#settings.batchSize;
  }

  async embed(batch: readonly PreparedText[]): Promise<Float32Array> {
    const inputs = this.#tokenizer(
      batch.map(({ input }) => input as string),
      { padding: true, truncation: true, max_length: this.#maxTokens },
    ) as { attention_mask: Transformers.Tensor };
    const states = await this.#run(inputs);
    const pooled =
      this.#settings.pooling === 'cls'
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
  const settings = TRANSFORMERS_ENCODER.settings(options);
  const { model, dtype, modelDir, cacheDir } = settings;
  const library = await givenOrImported(settings.library, 'the transformers text encoder');
  const folder = isFolder(model);
  const path = folder ? resolve(model) : model;
  if (folder) await checkModelFolder(path, dtype);
  const shared = { cache_dir: modelDir, local_files_only: folder };
  try {
    const load = (name: string): Promise<Transformers.PreTrainedModel> =>
      library.AutoModel.from_pretrained(name, { ...shared, dtype });
    const [tokenizer, weights] = folder
      ? [await folderTokenizer(library, path), await fromFolder(library, path, load)]
      : await fromHub(
          async () => [await library.AutoTokenizer.from_pretrained(path, shared), await load(path)] as const,
        );
    const name = folder ? `${basename(path)}@${await weightsHash(path, dtype)}` : path;
    return new BatchedEncoder(new TransformersModel(name, settings, library, tokenizer, weights), {
      cacheDir,
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
