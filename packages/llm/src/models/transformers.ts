import { basename, resolve } from 'node:path';
import type * as Transformers from '@huggingface/transformers';
import {
  defineOptions,
  type GenerateRequest,
  type GenerateResult,
  InvalidInputError,
  type LikelihoodRequest,
  type LikelihoodResult,
  type OptionsOf,
  option,
  PalateError,
  type SettingsOf,
  throwIfCancelled,
} from '@palate/core';
import {
  checkModelFolder,
  folderTokenizer,
  fromFolder,
  fromHub,
  isFolder,
  positionsOf,
  weightsHash,
} from '../encoders/transformers-folder.js';
import { givenOrImported } from '../encoders/transformers-library.js';
import { TRANSFORMERS_LIBRARY } from '../encoders/transformers-options.js';
import { Gate } from './gate.js';
import { localTurns, tooLong, withBorder } from './local-turns.js';
import { withSchemaInstruction } from './schema-format.js';
import { type CallOptions, languageModel, type StreamingLanguageModel } from './single-calls.js';
import { generationSteps } from './transformers-steps.js';

/** Options of {@link transformersModel}. */
export const TRANSFORMERS_MODEL = defineOptions(
  'transformersModel',
  {
    model: option.text(1).required({
      doc: 'a model of the hub, such as `HuggingFaceTB/SmolLM2-135M-Instruct`, or a folder with its files',
    }),
    dtype: option.choice(['fp32', 'fp16', 'q8', 'int8', 'q4', 'q4f16'])({
      default: 'fp32',
      doc: 'weights to load, as the library names them',
    }),
    device: option.choice(['cpu', 'cuda', 'dml', 'webgpu', 'coreml'])({
      default: 'cpu',
      doc: 'where it runs, as the library names it',
    }),
    defaultMaxTokens: option.integer({ min: 1 })({
      default: 256,
      doc: 'most output tokens of requests without `maxTokens`, if they fit',
    }),
    ...TRANSFORMERS_LIBRARY,
  },
  [],
);

/** Options of {@link transformersModel}; {@link TRANSFORMERS_MODEL} says what each does. */
export type TransformersModelOptions = OptionsOf<typeof TRANSFORMERS_MODEL.declarations>;

type TransformersModelSettings = SettingsOf<typeof TRANSFORMERS_MODEL.declarations>;

const SHORTER = 'Shorten the prompt or lower maxTokens.';

/** The parts of a loaded model that calls need. */
interface Loaded {
  readonly library: typeof Transformers;
  readonly tokenizer: Transformers.PreTrainedTokenizer;
  readonly model: Transformers.PreTrainedModel;
  /** Tokens that fit into the model, prompt and answer together. */
  readonly contextTokens: number;
  readonly name: string;
}

/**
 * A causal language model of the HuggingFace hub or of a local folder, run in this process by
 * `@huggingface/transformers`: generation, streams, and the log-likelihood of continuations.
 *
 * Conversations go through the model's chat template; a model without one reads the contents of the messages,
 * a blank line apart. A schema is put in words. Without a temperature the model's own generation settings hold;
 * 0 is greedy; above 0 tokens are drawn from the whole distribution (cut to `topP`) with the request's `seed`
 * (default 0). Calls run one after the other: the library's random numbers are one stream for all.
 *
 * @throws MissingDependencyError if the optional library is not installed
 * @throws InvalidInputError if the model cannot be loaded, with the library's reason
 */
export async function transformersModel(options: TransformersModelOptions): Promise<StreamingLanguageModel> {
  const settings = TRANSFORMERS_MODEL.settings(options);
  const { defaultMaxTokens } = settings;
  const loaded = await load(settings);
  const turn = new Gate(1);
  const inTurn = localTurns(
    turn,
    loaded.name,
    'Check that the files are those of a causal language model, complete and of the chosen dtype.',
  );
  return languageModel({
    id: `transformers:${loaded.name}${options.dtype === undefined ? '' : `:${options.dtype}`}`,
    concurrency: 1,
    settings: { defaultMaxTokens },
    generate: (request, call) => inTurn(call.signal, () => generate(loaded, request, defaultMaxTokens, call)),
    logLikelihood: (request, { signal }) => inTurn(signal, () => logLikelihood(loaded, request)),
  });
}

async function load(settings: TransformersModelSettings): Promise<Loaded> {
  const { model: asked, dtype, device, modelDir } = settings;
  const library = await givenOrImported(settings.library, 'the transformers language model');
  const folder = isFolder(asked);
  const path = folder ? resolve(asked) : asked;
  if (folder) await checkModelFolder(path, dtype);
  const shared = { cache_dir: modelDir, local_files_only: folder };
  try {
    const loadModel = (name: string): Promise<Transformers.PreTrainedModel> =>
      library.AutoModelForCausalLM.from_pretrained(name, { ...shared, dtype, device });
    const [tokenizer, model] = folder
      ? [await folderTokenizer(library, path), await fromFolder(library, path, loadModel)]
      : await fromHub(
          async () =>
            [await library.AutoTokenizer.from_pretrained(path, shared), await loadModel(path)] as const,
        );
    return {
      library,
      tokenizer,
      model,
      contextTokens: positionsOf(model),
      // Two folders of one name may hold different weights.
      name: folder ? `${basename(path)}@${await weightsHash(path, dtype)}` : path,
    };
  } catch (cause) {
    if (PalateError.is(cause)) throw cause;
    throw new InvalidInputError({
      expected: folder
        ? `a causal language model in ${path}`
        : `the model ${path} of the hub or its local copy`,
      received: (cause as Error).message,
      hint: folder
        ? 'Check that its files are those of one causal language model, exported to ONNX.'
        : 'Check the name and the connection, or give a folder.',
      cause,
    });
  }
}

function idTensor(
  { library }: Loaded,
  ids: readonly number[],
): { input_ids: Transformers.Tensor; attention_mask: Transformers.Tensor } {
  const make = (values: BigInt64Array): Transformers.Tensor =>
    new library.Tensor('int64', values, [1, ids.length]);
  return {
    input_ids: make(BigInt64Array.from(ids, BigInt)),
    attention_mask: make(new BigInt64Array(ids.length).fill(1n)),
  };
}

async function generate(
  loaded: Loaded,
  asked: GenerateRequest,
  defaultMaxTokens: number,
  { signal, onText }: CallOptions,
): Promise<GenerateResult> {
  const { library, tokenizer, model } = loaded;
  const request = withSchemaInstruction(asked);
  const prompt = promptIds(tokenizer, request);
  const room = loaded.contextTokens - prompt.length;
  const maxTokens = request.maxTokens ?? Math.max(1, Math.min(defaultMaxTokens, room));
  if (maxTokens > room) throw tooLong(loaded, prompt.length + maxTokens, SHORTER);
  const steps = generationSteps(library, tokenizer, {
    promptTokens: prompt.length,
    stop: request.stop ?? [],
    signal,
    onText,
  });
  const { temperature, topP } = request;
  if (temperature !== 0) library.random.seed(request.seed ?? 0);
  // The library's types demand every field of its configuration; those left out keep the model's own.
  await model.generate({
    ...idTensor(loaded, prompt),
    max_new_tokens: maxTokens,
    ...(temperature !== undefined && { do_sample: temperature > 0 }),
    ...(temperature !== undefined && temperature > 0 && { temperature, top_k: 0 }),
    ...(topP !== undefined && topP < 1 && { logits_processor: nucleus(library, topP) }),
    stopping_criteria: steps.criteria,
  } as never);
  throwIfCancelled(signal, 'generating');
  const { text, tokens, isStopped } = steps.finish();
  return {
    text,
    usage: { inputTokens: prompt.length, outputTokens: tokens },
    finishReason: isStopped || tokens < maxTokens ? 'stop' : 'length',
    model: loaded.name,
  };
}

function promptIds(tokenizer: Transformers.PreTrainedTokenizer, request: GenerateRequest): number[] {
  if (!tokenizer.chat_template)
    return encodeAfterStart(tokenizer, request.messages.map((m) => m.content).join('\n\n'));
  const text = tokenizer.apply_chat_template(
    request.messages.map(({ role, content }) => ({ role, content })),
    { add_generation_prompt: true, tokenize: false },
  ) as string;
  // The template writes the special tokens itself.
  return tokenizer.encode(text, { add_special_tokens: false });
}

/** Tokens of a text after the one that begins every sequence of this tokenizer, if there is one. */
function encodeAfterStart(tokenizer: Transformers.PreTrainedTokenizer, text: string): number[] {
  const start = tokenizer.encode('')[0];
  const ids = tokenizer.encode(text, { add_special_tokens: false });
  return start === undefined ? ids : [start, ...ids];
}

/** Keeps the likeliest tokens that together have probability `topP` (Holtzman et al. 2020). */
function nucleus(library: typeof Transformers, topP: number): Transformers.LogitsProcessorList {
  class Nucleus extends library.LogitsProcessor {
    override _call(_: unknown, logits: Transformers.Tensor): Transformers.Tensor {
      const data = logits.data as Float32Array;
      const order = Int32Array.from(data.keys()).sort((a, b) => data[b]! - data[a]!);
      const highest = data[order[0]!]!;
      let whole = 0;
      for (const value of data) whole += Math.exp(value - highest);
      let kept = 0;
      for (const token of order) {
        const probability = Math.exp(data[token]! - highest) / whole;
        if (kept >= topP) data[token] = Number.NEGATIVE_INFINITY;
        kept += probability;
      }
      return logits;
    }
  }
  const list = new library.LogitsProcessorList();
  list.push(new Nucleus());
  return list;
}

/** Reads prompt and continuation in one pass and sums log softmax over the continuation's tokens. */
async function logLikelihood(loaded: Loaded, request: LikelihoodRequest): Promise<LikelihoodResult> {
  const { tokenizer, model } = loaded;
  const { tokens, border } = withBorder(
    encodeAfterStart(tokenizer, request.prompt + request.continuation),
    encodeAfterStart(tokenizer, request.prompt),
    // As is usual for models without a token for the beginning: the end of another text.
    tokenizer.eos_token_id,
  );
  if (tokens.length > loaded.contextTokens) throw tooLong(loaded, tokens.length, SHORTER);
  const { logits } = (await model(idTensor(loaded, tokens))) as { logits: Transformers.Tensor };
  const width = logits.dims.at(-1) as number;
  const values = (logits.type === 'float32' ? logits : logits.to('float32')).data as Float32Array;
  let sum = 0;
  for (let at = border; at < tokens.length; at++) {
    const row = values.subarray((at - 1) * width, at * width);
    let highest = Number.NEGATIVE_INFINITY;
    for (const value of row) if (value > highest) highest = value;
    let total = 0;
    for (const value of row) total += Math.exp(value - highest);
    sum += row[tokens[at] as number]! - highest - Math.log(total);
  }
  return { logLikelihood: sum, tokens: tokens.length - border };
}
