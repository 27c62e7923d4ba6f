import type { GenerateRequest, GenerateResult } from '@palate/core';
import type { OpenAI } from 'openai';
import { estimateTokens } from './count-tokens.js';
import { ModelCallError } from './model-error.js';
import { statusError } from './openai-errors.js';
import type { Redact } from './redact.js';
import { isStrictSchema, withSchemaInstruction } from './schema-format.js';

/** How a schema is put to a server: by its response format, or in words. */
export type StructuredOutput = 'json_schema' | 'json_object' | 'prompt';

/** One token of an answer with its natural-log probability, and the likeliest ones in its place. */
export interface TokenLogProbability {
  readonly token: string;
  readonly logProbability: number;
  readonly alternatives: readonly { readonly token: string; readonly logProbability: number }[];
}

/** An answer with the log-probabilities of its tokens, from servers that give them. */
export interface ScoredGenerateResult extends GenerateResult {
  readonly logProbabilities: readonly TokenLogProbability[];
}

/** What of a model's options goes into each request's body. */
export interface ChatSettings {
  readonly model: string;
  readonly topLogProbabilities?: number | undefined;
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
}

/** The body of a chat completion request. */
export function chatParameters(
  request: GenerateRequest,
  settings: ChatSettings,
  mode: StructuredOutput,
): OpenAI.Chat.ChatCompletionCreateParamsNonStreaming {
  const { schema } = request;
  const { messages } = schema && mode !== 'json_schema' ? withSchemaInstruction(request) : request;
  return {
    model: settings.model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    ...(request.maxTokens !== undefined && { [settings.maxTokensField]: request.maxTokens }),
    ...(request.temperature !== undefined && { temperature: request.temperature }),
    ...(request.topP !== undefined && { top_p: request.topP }),
    ...(request.stop !== undefined && request.stop.length > 0 && { stop: [...request.stop] }),
    ...(request.seed !== undefined && { seed: request.seed }),
    ...(settings.topLogProbabilities !== undefined && {
      logprobs: true,
      top_logprobs: settings.topLogProbabilities,
    }),
    ...(schema && mode === 'json_object' && { response_format: { type: 'json_object' as const } }),
    ...(schema &&
      mode === 'json_schema' && {
        response_format: {
          type: 'json_schema' as const,
          json_schema: {
            name: schema.name.replace(/[^\w-]/g, '_').slice(0, 64) || 'answer',
            schema: schema.jsonSchema,
            strict: isStrictSchema(schema.jsonSchema),
          },
        },
      }),
  };
}

interface WireLogprobs {
  readonly content?: readonly {
    readonly token: string;
    readonly logprob: number;
    readonly top_logprobs?: readonly { readonly token: string; readonly logprob: number }[];
  }[];
}

interface WireText {
  readonly content?: unknown;
  readonly refusal?: unknown;
}

/** A chat completion, or a chunk of one, as far as every server agrees; anything may be missing. */
export interface WireChat {
  readonly model?: unknown;
  readonly choices?: readonly {
    readonly message?: WireText;
    readonly delta?: WireText;
    readonly finish_reason?: unknown;
    readonly logprobs?: WireLogprobs | null;
  }[];
  readonly usage?: { readonly prompt_tokens?: unknown; readonly completion_tokens?: unknown } | null;
  readonly error?: unknown;
}

/** Who answered, for messages. */
export interface Server {
  readonly where: string;
  readonly redact: Redact;
}

/** Text of a message: plain, in parts, or none. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join('');
}

function finishReason(reason: unknown): GenerateResult['finishReason'] {
  if (reason === 'length') return 'length';
  // Other names (null, tool_calls, eos_token) are ways to end by itself.
  return reason === 'content_filter' ? 'filter' : 'stop';
}

/** Log-probabilities of a choice in our words. */
export function readLogProbabilities(logprobs: WireLogprobs | null | undefined): TokenLogProbability[] {
  return (logprobs?.content ?? []).map((one) => ({
    token: one.token,
    logProbability: one.logprob,
    alternatives: (one.top_logprobs ?? []).map((other) => ({
      token: other.token,
      logProbability: other.logprob,
    })),
  }));
}

/** Puts an answer together; where the server tells no usage, it is estimated. */
export function chatResult(
  request: GenerateRequest,
  settings: ChatSettings,
  answer: {
    readonly text: string;
    readonly refusal: string;
    readonly finish: unknown;
    readonly usage: WireChat['usage'];
    readonly model: unknown;
    readonly logProbabilities: readonly TokenLogProbability[];
  },
): GenerateResult | ScoredGenerateResult {
  const count = (given: unknown, text: () => string): number =>
    typeof given === 'number' && given >= 0 ? given : estimateTokens(text());
  return {
    text: answer.text || answer.refusal,
    usage: {
      inputTokens: count(answer.usage?.prompt_tokens, () =>
        request.messages.map((m) => m.content).join('\n'),
      ),
      outputTokens: count(answer.usage?.completion_tokens, () => answer.text),
    },
    finishReason: answer.refusal ? 'filter' : finishReason(answer.finish),
    model: typeof answer.model === 'string' && answer.model !== '' ? answer.model : settings.model,
    ...(settings.topLogProbabilities !== undefined && { logProbabilities: answer.logProbabilities }),
  };
}

/**
 * Reads the body of a chat completion.
 *
 * @throws ModelCallError if it is none: `bad-answer`, or what an error body's own code says
 */
export function parseChat(
  body: unknown,
  request: GenerateRequest,
  settings: ChatSettings,
  server: Server,
): GenerateResult {
  const choice = (body as WireChat | undefined | null)?.choices?.[0];
  if (!choice?.message) throw badBody(body, server);
  const { message } = choice;
  return chatResult(request, settings, {
    text: textOf(message.content),
    refusal: textOf(message.refusal),
    finish: choice.finish_reason,
    usage: (body as WireChat).usage,
    model: (body as WireChat).model,
    logProbabilities: readLogProbabilities(choice.logprobs),
  });
}

/** The error for a body that came with status 200 and is no chat completion. */
export function badBody(body: unknown, { where, redact }: Server): ModelCallError {
  const error = (body as WireChat | undefined | null)?.error as
    | { code?: unknown; message?: unknown }
    | undefined;
  const message = redact(typeof error === 'string' ? error : String(error?.message ?? JSON.stringify(error)));
  const status = Number(error?.code);
  if (status >= 400 && status < 600)
    return statusError(status, message, { what: 'a chat completion', where, providerCode: error?.code });
  const isPage = typeof body === 'string';
  return new ModelCallError('bad-answer', {
    expected: `a chat completion from ${where}`,
    received: error
      ? `status 200 with an error: ${message.slice(0, 500)}`
      : isPage
        ? `content that is not JSON: ${JSON.stringify(redact(body).slice(0, 80))}`
        : `a body without choices: ${redact(JSON.stringify(body) ?? 'none').slice(0, 200)}`,
    hint: isPage
      ? 'Check baseURL: this looks like another kind of server, or a sign-in page.'
      : 'Call again; if it stays, check the server.',
    isRetryable: !isPage,
  });
}
