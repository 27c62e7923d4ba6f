import {
  defineOptions,
  type GenerateRequest,
  type GenerateResult,
  type OptionsOf,
  option,
} from '@palate/core';
import {
  type ChatSettings,
  chatParameters,
  parseChat,
  STRUCTURED_OUTPUTS,
  type StructuredOutput,
  type Wording,
} from './chat-format.js';
import { echoLikelihood } from './echo-likelihood.js';
import { FormatMemory } from './format-memory.js';
import { OPENAI_CONNECTION, OpenAIConnection } from './openai-connection.js';
import { type LeftOut, Refusals } from './refusals.js';
import { sendStreaming } from './send-streaming.js';
import { type CallOptions, languageModel, type StreamingLanguageModel } from './single-calls.js';

/** Options that {@link openaiModel} and the Batch API share. */
const SHARED = {
  model: option.text(1).required({ doc: "the model's name at the server, such as `gpt-4o-mini`" }),
  provider: option.text()({
    default: 'openai',
    doc: "first half of the model's id, which distinguishes servers: `ollama` gives `ollama:llama3`",
  }),
  structuredOutput: option.choice(['auto', ...STRUCTURED_OUTPUTS])({
    default: 'auto',
    doc: "how a request's schema is sent: `auto` tries `json_schema`, then `json_object`, then only words, until the server accepts one, and remembers it for each schema. The prompt always has the words. A schema that is not an object is wrapped as the only property of one",
  }),
  topLogProbabilities: option.integer({ min: 0, max: 20 }).optional({
    doc: 'asks for the log-probability of each token and of this many most likely alternatives; answers are then `ScoredGenerateResult`s, without them if the server gives none. Left out: not requested',
  }),
  maxTokensField: option.choice(['max_tokens', 'max_completion_tokens']).optional({
    doc: 'name of the limit in the request; left out: `max_completion_tokens` at OpenAI, `max_tokens` elsewhere',
  }),
  ...OPENAI_CONNECTION.declarations,
} as const;

/** Options of {@link openaiModel}. */
export const OPENAI_MODEL = defineOptions(
  'openaiModel',
  {
    ...SHARED,
    likelihood: option.choice(['echo']).optional({
      doc: "`echo` adds `logLikelihood` by the completions endpoint with `echo` and `logprobs`, as vLLM offers it; OpenAI's chat models do not",
    }),
  },
  [],
);

/** Options of {@link openaiModel}; {@link OPENAI_MODEL} says what each does. */
export type OpenAIModelOptions = OptionsOf<typeof OPENAI_MODEL.declarations>;

/** Options of `OpenAIBatch`. */
export const OPENAI_BATCH = defineOptions(
  'OpenAIBatch',
  {
    ...SHARED,
    dir: option.text(1).required({
      doc: "folder for the job's state, requests and answers; created if missing. It contains prompts and answers, but no keys",
    }),
    maxRequestsPerBatch: option.integer({ min: 1 })({
      default: 50_000,
      doc: "most requests of one batch; the default is OpenAI's limit",
    }),
    maxBytesPerBatch: option.number({ min: 1 })({
      default: 190_000_000,
      doc: "most bytes of one batch's file; OpenAI's limit is 200 million",
    }),
  },
  [],
);

/** A model at an OpenAI-compatible server. */
export interface OpenAIModel extends StreamingLanguageModel {
  /**
   * Parameters that the server refused and that are left out since, with its words. Results of requests that had
   * them name them as `ignored`.
   */
  readonly leftOut: readonly LeftOut[];
}

/**
 * A language model at OpenAI or any OpenAI-compatible server: Ollama, vLLM, llama.cpp, a gateway.
 *
 * It neither retries nor caches: wrap it in `withRetry`, `withCache` and the others. Answers without usage
 * (some servers' streams) get an estimate of one token per four bytes. A parameter that the server refuses
 * (temperature, seed, a limit by either of its names, the system role) is left out from then on; results and
 * `leftOut` tell.
 *
 * @throws InvalidInputError for options out of range, or no key for OpenAI itself
 *
 * @example
 * ```ts
 * const model = openaiModel({ model: 'llama3.2', baseURL: 'http://localhost:11434/v1', provider: 'ollama' });
 * const [outcome] = await model.generate([{ messages: [{ role: 'user', content: 'A film like Heat?' }] }]);
 * ```
 */
export function openaiModel(options: OpenAIModelOptions): OpenAIModel {
  const { model, provider, structuredOutput, topLogProbabilities, maxTokensField, likelihood, ...how } =
    OPENAI_MODEL.settings(options);
  const connection = new OpenAIConnection(how);
  const settings: ChatSettings = { model, topLogProbabilities };
  const refusals = new Refusals(
    maxTokensField ?? (connection.isOpenAI ? 'max_completion_tokens' : 'max_tokens'),
  );
  const formats = new FormatMemory(structuredOutput);

  /** Sends a request in one format, without what the server has refused or refuses now. */
  const sendIn = async (
    mode: StructuredOutput,
    request: GenerateRequest,
    call: CallOptions,
  ): Promise<GenerateResult> => {
    for (;;) {
      const { learned } = refusals;
      try {
        const wording = { ...learned, mode };
        return await (call.onText ? sendStreaming : sendWhole)(connection, request, settings, wording, call);
      } catch (error) {
        if (!refusals.learn(error, learned)) throw error;
        await call.beforeFurther?.(error);
      }
    }
  };

  const generate = async (request: GenerateRequest, call: CallOptions): Promise<GenerateResult> => {
    if (!request.schema) return sendIn('prompt', request, call);
    const schema = JSON.stringify(request.schema);
    const modes = formats.modesFor(schema);
    for (const [n, mode] of modes.entries())
      try {
        const result = await sendIn(mode, request, call);
        formats.note(schema, mode);
        return result;
      } catch (error) {
        if (n === modes.length - 1 || !formats.isRefusal(error, mode, schema)) throw error;
        await call.beforeFurther?.(error);
      }
    throw new TypeError('unreachable: the last mode returns or throws');
  };

  const calls = languageModel({
    id: `${provider}:${model}`,
    concurrency: connection.concurrency,
    settings: {
      ...(topLogProbabilities !== undefined && { topLogProbabilities }),
      ...(structuredOutput !== 'auto' && { structuredOutput }),
    },
    generate,
    ...(likelihood === 'echo' && { logLikelihood: echoLikelihood(connection, model) }),
  });
  return Object.defineProperty(calls as OpenAIModel, 'leftOut', { get: () => refusals.leftOut });
}

async function sendWhole(
  connection: OpenAIConnection,
  request: GenerateRequest,
  settings: ChatSettings,
  wording: Wording,
  { signal }: CallOptions,
): Promise<GenerateResult> {
  return connection.call('a chat completion', signal, async (client, either) => {
    const parameters = chatParameters(request, settings, wording);
    const body: unknown = await client.chat.completions.create(parameters, { signal: either });
    return parseChat(body, request, settings, wording, connection);
  });
}
