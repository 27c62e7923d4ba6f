import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  defineOptions,
  type GenerateRequest,
  type GenerateResult,
  InvalidInputError,
  type LikelihoodRequest,
  type LikelihoodResult,
  MissingDependencyError,
  type OptionsOf,
  option,
  type SettingsOf,
  throwIfCancelled,
} from '@palate/core';
import type * as LlamaCpp from 'node-llama-cpp';
import { Gate } from './gate.js';
import { grammarSchema } from './grammar-schema.js';
import { localTurns, tooLong, withBorder } from './local-turns.js';
import { withSchemaInstruction } from './schema-format.js';
import { type CallOptions, languageModel, type StreamingLanguageModel } from './single-calls.js';

/**
 * The library node-llama-cpp: the module itself, as `import * as library` gives it. Declared here by what every copy of it has, so
 * that the types of this package hold where the optional library is not installed.
 */
export interface LlamaCppLibrary {
  getLlama(): Promise<unknown>;
}

/** Options of {@link llamaCppModel}. */
export const LLAMA_CPP_MODEL = defineOptions(
  'llamaCppModel',
  {
    model: option.text(1).required({ doc: 'a GGUF file of a language model' }),
    contextTokens: option.integer({ min: 8 })({
      default: 4096,
      doc: 'most tokens of prompt and answer together, up to what the model was trained for',
    }),
    gpu: option.choice(['auto', 'none', 'cuda', 'metal', 'vulkan'])({
      default: 'auto',
      doc: 'device to run on, if its binary is installed',
    }),
    threads: option.integer({ min: 1 }).optional({ doc: "threads; the library's choice if left out" }),
    grammar: option.boolean()({
      default: true,
      doc: 'constrains answers to the request’s schema by a grammar, as far as a grammar can express it; `false`: in words only',
    }),
    defaultMaxTokens: option.integer({ min: 1 })({
      default: 256,
      doc: 'most output tokens of requests without `maxTokens`, if they fit',
    }),
    library: option
      .value<LlamaCppLibrary>(
        'the library node-llama-cpp',
        (value) => (typeof value === 'object' || typeof value === 'function') && value !== null,
      )
      .optional({ doc: 'the library, instead of importing it by name' }),
  },
  [],
);

/** Options of {@link llamaCppModel}; {@link LLAMA_CPP_MODEL} says what each does. */
export type LlamaCppModelOptions = OptionsOf<typeof LLAMA_CPP_MODEL.declarations>;

type LlamaCppSettings = SettingsOf<typeof LLAMA_CPP_MODEL.declarations>;

/** A language model in this process, with the memory that it holds. */
export interface LlamaCppModel extends StreamingLanguageModel, AsyncDisposable {
  /** Gives the model's memory back; whatever is asked of it afterwards fails. */
  dispose(): Promise<void>;
}

/** The least number above 0 of 32 bits. */
const LEAST = 2 ** -149;

const SHORTER = 'Shorten the prompt, lower maxTokens, or raise contextTokens.';

/** The parts of a loaded model that calls need. */
interface Loaded {
  readonly library: typeof LlamaCpp;
  readonly llama: LlamaCpp.Llama;
  readonly model: LlamaCpp.LlamaModel;
  readonly sequence: LlamaCpp.LlamaContextSequence;
  readonly contextTokens: number;
  /** How the model writes a conversation; nothing where its file says nothing of it. */
  readonly wrapper: LlamaCpp.ChatWrapper | undefined;
  readonly name: string;
  /** Of the files: two of one name may hold different weights. */
  readonly hash: string;
}

/**
 * A language model in a GGUF file, run in this process by llama.cpp (`node-llama-cpp`): generation, streams, and the
 * log-likelihood of continuations.
 *
 * Conversations go through the chat template in the file; a model without one reads the contents of the messages, a
 * blank line apart. A schema is put in words, and answers are held to it by a grammar as far as grammars go
 * (`grammarSchema`): what they cannot say has to be checked, as `generateStructured` does. Without a temperature, or at 0,
 * the likeliest token is taken; above 0 tokens are drawn from the whole distribution (cut to `topP`) with the request's
 * `seed` (default 0). Calls run one after the other; a prompt that begins as the one before is not read again.
 *
 * The file is looked through before llama.cpp loads it, but llama.cpp ends the whole process over some files that are not
 * fit: load files that you do not trust in a process of their own.
 *
 * @throws MissingDependencyError if the optional library is not installed
 * @throws InvalidInputError if the file is no GGUF file, cut, or cannot be loaded, with the library's reason
 */
export async function llamaCppModel(options: LlamaCppModelOptions): Promise<LlamaCppModel> {
  const settings = LLAMA_CPP_MODEL.settings(options);
  const { defaultMaxTokens, grammar } = settings;
  const loaded = await load(settings);
  const turn = new Gate(1);
  const inTurn = localTurns(
    turn,
    loaded.name,
    'Check that the file is that of a causal language model, and that the memory suffices.',
  );
  const dispose = (): Promise<void> => turn.run(undefined, () => loaded.model.dispose());
  return Object.assign(
    languageModel({
      id: `llama-cpp:${loaded.name}@${loaded.hash}`,
      concurrency: 1,
      settings: { defaultMaxTokens, grammar },
      generate: (request, call) => inTurn(call.signal, () => generate(loaded, request, settings, call)),
      logLikelihood: (request, { signal }) => inTurn(signal, () => logLikelihood(loaded, request)),
    }),
    { dispose, [Symbol.asyncDispose]: dispose },
  );
}

async function importLlamaCpp(): Promise<typeof LlamaCpp> {
  try {
    return await import('node-llama-cpp');
  } catch (cause) {
    throw new MissingDependencyError('node-llama-cpp', 'the llama.cpp language model', cause);
  }
}

async function load(settings: LlamaCppSettings): Promise<Loaded> {
  const { gpu, threads } = settings;
  const path = resolve(settings.model);
  const name = basename(path);
  // The module's own types stay inside: those of the option hold without it.
  const library = (settings.library as typeof LlamaCpp | undefined) ?? (await importLlamaCpp());
  try {
    const { size } = await stat(path);
    const info = await library.readGgufFileInfo(path, { logWarnings: false });
    const ends =
      info.tensorInfo?.map(({ filePart, fileOffset }) => (filePart > 1 ? 0 : Number(fileOffset))) ?? [];
    const last = Math.max(0, ...ends);
    if (last >= size)
      throw new Error(`a file of ${size} bytes, in which a tensor begins at ${last}: it was cut`);
    const llama = await library.getLlama({
      gpu: gpu === 'none' ? false : gpu,
      // A missing binary is neither downloaded nor built.
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: library.LlamaLogLevel.error,
      ...(threads === undefined ? {} : { maxThreads: threads }),
    });
    const model = await llama.loadModel({ modelPath: path });
    try {
      const contextTokens = Math.min(settings.contextTokens, model.trainContextSize);
      const context = await model.createContext({ contextSize: contextTokens, sequences: 1 });
      const hasTemplate = info.metadata.tokenizer?.chat_template !== undefined;
      return {
        library,
        llama,
        model,
        sequence: context.getSequence(),
        contextTokens,
        wrapper: hasTemplate ? library.resolveChatWrapper(model) : undefined,
        name,
        hash: await weightsHash(path),
      };
    } catch (error) {
      await model.dispose();
      throw error;
    }
  } catch (cause) {
    throw new InvalidInputError({
      expected: `a language model in the GGUF file ${path}`,
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'Check the path, download the file again, or choose a smaller model or context.',
      cause,
    });
  }
}

/** A hash of a GGUF file and, where it is one of several parts, of all of them. */
async function weightsHash(path: string): Promise<string> {
  const [, start = '', count = ''] = /^(.*)-\d{5}-of-(\d{5})\.gguf$/.exec(path) ?? [];
  const parts =
    count === ''
      ? [path]
      : Array.from(
          { length: Number(count) },
          (_, k) => `${start}-${String(k + 1).padStart(5, '0')}-of-${count}.gguf`,
        );
  const hash = createHash('sha256');
  for (const part of parts) await pipeline(createReadStream(part), hash, { end: false });
  return hash.digest('hex').slice(0, 8);
}

async function generate(
  loaded: Loaded,
  asked: GenerateRequest,
  settings: LlamaCppSettings,
  { signal, onText }: CallOptions,
): Promise<GenerateResult> {
  const { library, llama, model, sequence, wrapper } = loaded;
  const request = withSchemaInstruction(asked);
  const history = chatHistory(request);
  const prompt = wrapper
    ? wrapper.generateContextState({ chatHistory: history }).contextText.tokenize(model.tokenizer)
    : tokensAfterStart(model, request.messages.map(({ content }) => content).join('\n\n'));
  const room = loaded.contextTokens - prompt.length;
  const maxTokens = request.maxTokens ?? Math.max(1, Math.min(settings.defaultMaxTokens, room));
  if (maxTokens > room) throw tooLong(loaded, prompt.length + maxTokens, SHORTER);
  const sayable =
    settings.grammar && asked.schema ? grammarSchema(asked.schema.jsonSchema).schema : undefined;
  // The form is only known while running: any of those that the library's type allows stands for it.
  const grammar: LlamaCpp.LlamaGrammar | undefined =
    sayable && (await llama.createGrammarForJsonSchema(sayable as { readonly type: 'string' }));
  const { temperature = 0, topP, seed = 0, stop = [] } = request;
  let written = 0;
  const shared = {
    ...(signal ? { signal } : {}),
    maxTokens,
    temperature,
    topK: 0,
    topP: topP ?? 1,
    minP: 0,
    seed,
    repeatPenalty: false,
    stopOnAbortSignal: false,
    customStopTriggers: stop.filter((word) => word !== ''),
    onToken: (tokens: readonly LlamaCpp.Token[]): void => {
      written += tokens.length;
    },
    ...(onText ? { onTextChunk: onText } : {}),
    ...(grammar ? { grammar } : {}),
  } as const;
  const work = wrapper
    ? answered(
        new library.LlamaChat({
          contextSequence: sequence,
          chatWrapper: wrapper,
          autoDisposeSequence: false,
        }),
        history,
        shared,
      )
    : completed(
        new library.LlamaCompletion({ contextSequence: sequence, autoDisposeSequence: false }),
        prompt,
        shared,
      );
  const { text, stopReason } = await work.catch((cause: unknown) => {
    throwIfCancelled(signal, 'generating');
    throw cause;
  });
  throwIfCancelled(signal, 'generating');
  return {
    text,
    usage: { inputTokens: prompt.length, outputTokens: written },
    finishReason: stopReason === 'maxTokens' ? 'length' : 'stop',
    model: loaded.name,
  };
}

interface Answer {
  readonly text: string;
  readonly stopReason: string;
}

async function answered(
  chat: LlamaCpp.LlamaChat,
  history: LlamaCpp.ChatHistoryItem[],
  options: LlamaCpp.LLamaChatGenerateResponseOptions,
): Promise<Answer> {
  const { response, metadata } = await chat.generateResponse(history, options);
  return { text: response, stopReason: metadata.stopReason };
}

async function completed(
  completion: LlamaCpp.LlamaCompletion,
  prompt: LlamaCpp.Token[],
  options: LlamaCpp.LlamaCompletionGenerationOptions,
): Promise<Answer> {
  const { response, metadata } = await completion.generateCompletionWithMeta(prompt, options);
  return { text: response, stopReason: metadata.stopReason };
}

function chatHistory({ messages }: GenerateRequest): LlamaCpp.ChatHistoryItem[] {
  return messages.map(
    ({ role, content }): LlamaCpp.ChatHistoryItem =>
      role === 'assistant' ? { type: 'model', response: [content] } : { type: role, text: content },
  );
}

/** Tokens of a text after the one that begins every sequence of this model, if there is one. */
function tokensAfterStart(model: LlamaCpp.LlamaModel, text: string): LlamaCpp.Token[] {
  const ids = model.tokenize(text, false);
  const { bos, shouldPrependBosToken } = model.tokens;
  return bos !== null && shouldPrependBosToken ? [bos, ...ids] : ids;
}

/** Reads prompt and continuation in one pass and sums the logarithms of the continuation's probabilities. */
async function logLikelihood(loaded: Loaded, request: LikelihoodRequest): Promise<LikelihoodResult> {
  const { model, sequence } = loaded;
  const { tokens, border } = withBorder(
    tokensAfterStart(model, request.prompt + request.continuation),
    tokensAfterStart(model, request.prompt),
    model.tokens.bos ?? model.tokens.eos,
  );
  if (tokens.length > loaded.contextTokens) throw tooLong(loaded, tokens.length, SHORTER);
  await sequence.clearHistory();
  const read = await sequence.controlledEvaluate(
    tokens
      .slice(0, -1)
      .map((token, at) => (at < border - 1 ? token : [token, { generateNext: { probabilities: true } }])),
  );
  let sum = 0;
  for (let at = border; at < tokens.length; at++)
    // A probability that 32 bits cannot tell from 0 counts as the least that they can.
    sum += Math.log(
      Math.max(LEAST, read[at - 1]?.next.probabilities?.get(tokens[at] as LlamaCpp.Token) ?? Number.NaN),
    );
  return { logLikelihood: sum, tokens: tokens.length - border };
}
