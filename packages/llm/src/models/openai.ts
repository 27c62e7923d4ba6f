import {
  checkNumber,
  checkOptions,
  type GenerateRequest,
  type GenerateResult,
  InvalidInputError,
  type LikelihoodRequest,
  type LikelihoodResult,
  PalateError,
} from '@palate/core';
import {
  badBody,
  type ChatSettings,
  chatParameters,
  chatResult,
  parseChat,
  readLogProbabilities,
  type StructuredOutput,
  type TokenLogProbability,
  textOf,
  type WireChat,
} from './chat-format.js';
import { ModelCallError } from './model-error.js';
import {
  OPENAI_CONNECTION_OPTIONS,
  OpenAIConnection,
  type OpenAIConnectionOptions,
} from './openai-connection.js';
import { type CallOptions, languageModel, type StreamingLanguageModel } from './single-calls.js';

/** Options of {@link openaiModel}. */
export interface OpenAIModelOptions extends OpenAIConnectionOptions {
  /** The model's name at the server. */
  readonly model: string;
  /** First half of the model's id, to keep servers apart: `"ollama"` gives `"ollama:llama3"`. Default `"openai"`. */
  readonly provider?: string;
  /**
   * How a request's schema is put to the server. `'auto'` (default) tries `json_schema`, then `json_object`,
   * then words in the prompt, as long as the server refuses with 400, 422 or 501, and remembers for each
   * schema what it took.
   */
  readonly structuredOutput?: StructuredOutput | 'auto';
  /**
   * Asks for the log-probability of each token and so many likeliest alternatives (0 to 20); answers are then
   * {@link ScoredGenerateResult}s, with none where the server gives none. Default: not asked for.
   */
  readonly topLogProbabilities?: number;
  /** Name of the limit in the request. Default: `max_completion_tokens` at OpenAI, `max_tokens` elsewhere. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /**
   * `'echo'` adds `logLikelihood` by the completions endpoint with `echo` and `logprobs`, as vLLM has it;
   * OpenAI's chat models have not. Default: none.
   */
  readonly likelihood?: 'echo';
}

const MODES: readonly StructuredOutput[] = ['json_schema', 'json_object', 'prompt'];

/**
 * A language model at OpenAI or any OpenAI-compatible server: Ollama, vLLM, llama.cpp, a gateway.
 *
 * It neither retries nor caches: wrap it in `withRetry`, `withCache` and the others. Answers without usage
 * (some servers' streams) get an estimate of one token for four bytes.
 *
 * @throws InvalidInputError for options out of range, or no key for OpenAI itself
 *
 * @example
 * ```ts
 * const model = openaiModel({ model: 'llama3.2', baseURL: 'http://localhost:11434/v1', provider: 'ollama' });
 * const [outcome] = await model.generate([{ messages: [{ role: 'user', content: 'A film like Heat?' }] }]);
 * ```
 */
export function openaiModel(options: OpenAIModelOptions): StreamingLanguageModel {
  const { model, provider, structuredOutput, topLogProbabilities, maxTokensField, likelihood, ...how } =
    checkOpenAIOptions('openaiModel', options);
  const connection = new OpenAIConnection(how);
  const settings: ChatSettings = {
    model,
    topLogProbabilities,
    maxTokensField: maxTokensField ?? (connection.isOpenAI ? 'max_completion_tokens' : 'max_tokens'),
  };
  const accepted = new Map<string, StructuredOutput>();

  const generate = async (request: GenerateRequest, call: CallOptions): Promise<GenerateResult> => {
    const send = call.onText ? sendStreaming : sendWhole;
    if (!request.schema) return send(connection, request, settings, 'prompt', call);
    if (structuredOutput !== undefined && structuredOutput !== 'auto')
      return send(connection, request, settings, structuredOutput, call);
    const schema = JSON.stringify(request.schema);
    const known = accepted.get(schema);
    for (const mode of known ? [known] : MODES)
      try {
        const result = await send(connection, request, settings, mode, call);
        accepted.set(schema, mode);
        return result;
      } catch (error) {
        if (known !== undefined || mode === 'prompt' || !isFormatRefusal(error)) throw error;
      }
    throw new TypeError('unreachable: the last mode returns or throws');
  };

  return languageModel({
    id: `${provider ?? 'openai'}:${model}`,
    concurrency: connection.concurrency,
    settings: {
      ...(topLogProbabilities !== undefined && { topLogProbabilities }),
      ...(structuredOutput !== undefined && structuredOutput !== 'auto' && { structuredOutput }),
    },
    generate,
    ...(likelihood === 'echo' && {
      logLikelihood: (request: LikelihoodRequest, call: CallOptions) =>
        echoLikelihood(connection, model, request, call),
    }),
  });
}

/** Checks what {@link openaiModel} and the Batch API share. */
export function checkOpenAIOptions(where: string, options: OpenAIModelOptions): OpenAIModelOptions {
  checkOptions(where, options, [
    ...OPENAI_CONNECTION_OPTIONS,
    'model',
    'provider',
    'structuredOutput',
    'topLogProbabilities',
    'maxTokensField',
    'likelihood',
  ]);
  if (typeof options.model !== 'string' || options.model === '')
    throw new InvalidInputError({
      expected: 'the name of a model',
      received: JSON.stringify(options.model) ?? 'none',
      hint: 'Pass model, for example "gpt-4o-mini".',
    });
  if (options.topLogProbabilities !== undefined)
    checkNumber('topLogProbabilities', options.topLogProbabilities, { min: 0, max: 20, integer: true });
  return options;
}

function isFormatRefusal(error: unknown): boolean {
  return error instanceof ModelCallError && [400, 422, 501].includes(error.status ?? 0);
}

async function sendWhole(
  connection: OpenAIConnection,
  request: GenerateRequest,
  settings: ChatSettings,
  mode: StructuredOutput,
  { signal }: CallOptions,
): Promise<GenerateResult> {
  return connection.call('a chat completion', signal, async (client, either) => {
    const parameters = chatParameters(request, settings, mode);
    const body: unknown = await client.chat.completions.create(parameters, { signal: either });
    return parseChat(body, request, settings, connection);
  });
}

async function sendStreaming(
  connection: OpenAIConnection,
  request: GenerateRequest,
  settings: ChatSettings,
  mode: StructuredOutput,
  { signal, onText }: CallOptions,
): Promise<GenerateResult> {
  return connection
    .call('a streamed chat completion', signal, async (client, either, alive) => {
      const { data, response } = await client.chat.completions
        .create(
          {
            ...chatParameters(request, settings, mode),
            stream: true,
            stream_options: { include_usage: true },
          },
          { signal: either },
        )
        .withResponse();
      const contentType = response.headers.get('content-type') ?? '';
      if (!contentType.includes('text/event-stream')) {
        const text = await response.text();
        // Some servers answer whole although asked to stream; others send an error this way.
        const result = parseChat(
          contentType.includes('json') ? JSON.parse(text) : text,
          request,
          settings,
          connection,
        );
        onText?.(result.text);
        return result;
      }
      let text = '';
      let refusal = '';
      let finish: unknown;
      let usage: WireChat['usage'];
      let model: unknown;
      const logProbabilities: TokenLogProbability[] = [];
      for await (const chunk of data as AsyncIterable<WireChat>) {
        alive();
        if (chunk.error) throw badBody(chunk, connection);
        model ??= chunk.model;
        usage = chunk.usage ?? usage;
        const choice = chunk.choices?.[0];
        if (!choice) continue;
        const piece = textOf(choice.delta?.content);
        refusal += textOf(choice.delta?.refusal);
        finish = choice.finish_reason ?? finish;
        logProbabilities.push(...readLogProbabilities(choice.logprobs));
        if (piece === '') continue;
        text += piece;
        onText?.(piece);
      }
      // The SDK ends a stream quietly when its connection is aborted or the server closes it early.
      if (finish === undefined || either.aborted) throw streamCut(settings, text.length);
      return chatResult(request, settings, { text, refusal, finish, usage, model, logProbabilities });
    })
    .catch((error: unknown) => {
      // A connection lost after the first piece is a cut stream, whatever the socket called it.
      throw PalateError.is(error) &&
        error.code === 'connection-failed' &&
        error.cause instanceof Error &&
        error.cause.message === 'terminated'
        ? streamCut(settings, undefined, error.cause)
        : error;
    });
}

function streamCut(settings: ChatSettings, length?: number, cause?: unknown): ModelCallError {
  return new ModelCallError('stream-cut', {
    expected: `the stream of model ${settings.model} to reach its end mark`,
    received: length === undefined ? 'a dropped connection' : `an end after ${length} characters`,
    hint: 'Ask again.',
    cause,
    isRetryable: true,
  });
}

interface WireCompletion {
  readonly choices?: readonly {
    readonly logprobs?: {
      readonly text_offset?: readonly number[];
      readonly tokens?: readonly string[];
      readonly token_logprobs?: readonly (number | null)[];
    } | null;
  }[];
}

/** Sums the log-probabilities of the tokens that reach into the continuation. */
async function echoLikelihood(
  connection: OpenAIConnection,
  model: string,
  request: LikelihoodRequest,
  { signal }: CallOptions,
): Promise<LikelihoodResult> {
  return connection.call('a log-likelihood', signal, async (client, either) => {
    const body = (await client.completions.create(
      {
        model,
        prompt: request.prompt + request.continuation,
        max_tokens: 0,
        echo: true,
        logprobs: 0,
        temperature: 0,
      },
      { signal: either },
    )) as unknown as WireCompletion;
    const logprobs = body.choices?.[0]?.logprobs;
    if (!logprobs?.token_logprobs || !logprobs.text_offset || !logprobs.tokens)
      throw badBody(body, connection);
    // Offsets count code points, as the servers' Python does.
    const start = [...request.prompt].length;
    const whole = start + [...request.continuation].length;
    let logLikelihood = 0;
    let tokens = 0;
    for (const [n, value] of logprobs.token_logprobs.entries()) {
      const end = logprobs.text_offset[n + 1] ?? Number.POSITIVE_INFINITY;
      // Some servers cannot write nothing: their one token more does not count.
      if (end <= start || (logprobs.text_offset[n] ?? 0) >= whole || value === null) continue;
      logLikelihood += value;
      tokens++;
    }
    return { logLikelihood, tokens };
  });
}
