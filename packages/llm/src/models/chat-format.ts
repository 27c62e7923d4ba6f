import type { GenerateRequest, GenerateResult } from '@palate/core';
import type { OpenAI } from 'openai';
import { wireMessages } from './chat-messages.js';
import { estimateTokens } from './count-tokens.js';
import { readErrorBody } from './error-body.js';
import { ModelCallError } from './model-error.js';
import { errorWithin } from './openai-errors.js';
import type { Redact } from './redact.js';
import type { Learned, RefusableParameter } from './refusals.js';
import {
  isStrictSchema,
  needsWrapper,
  unwrapAnswer,
  withSchemaInstruction,
  withWrappedSchema,
} from './schema-format.js';

/** Formats by which a schema is put to a server, in the order in which they are tried. */
export const STRUCTURED_OUTPUTS = ['json_schema', 'json_object', 'prompt'] as const;

/** How a schema is put to a server: by its response format, or in words. */
export type StructuredOutput = (typeof STRUCTURED_OUTPUTS)[number];

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

/** Options of a model that go into each request's body. */
export interface ChatSettings {
  readonly model: string;
  readonly topLogProbabilities?: number | undefined;
}

/** How one request is put to a server. */
export interface Wording extends Learned {
  readonly mode: StructuredOutput;
}

/** Parameters of a request that are not sent, since the server refused them. */
function ignoredParameters(
  request: GenerateRequest,
  settings: ChatSettings,
  { without }: Learned,
): RefusableParameter[] {
  const given: readonly (readonly [RefusableParameter, boolean])[] = [
    ['temperature', request.temperature !== undefined],
    ['temperature 0', request.temperature === 0 && !without.has('temperature')],
    ['topP', request.topP !== undefined],
    ['seed', request.seed !== undefined],
    ['maxTokens', request.maxTokens !== undefined],
    ['logProbabilities', settings.topLogProbabilities !== undefined],
  ];
  return given.filter(([name, isGiven]) => isGiven && without.has(name)).map(([name]) => name);
}

/**
 * The body of a chat completion request. The schema is described in words in every mode: servers that take a response
 * format do not all keep to it.
 */
export function chatParameters(
  asked: GenerateRequest,
  settings: ChatSettings,
  { mode, without, maxTokensField }: Wording,
): OpenAI.Chat.ChatCompletionCreateParamsNonStreaming {
  const request = mode === 'prompt' ? asked : withWrappedSchema(asked);
  const { schema, temperature } = request;
  const { messages } = withSchemaInstruction(request);
  const isWithoutTemperature =
    without.has('temperature') || (temperature === 0 && without.has('temperature 0'));
  return {
    model: settings.model,
    messages: wireMessages(messages, without.has('system role')),
    ...(request.maxTokens !== undefined &&
      !without.has('maxTokens') && { [maxTokensField]: request.maxTokens }),
    ...(temperature !== undefined && !isWithoutTemperature && { temperature }),
    ...(request.topP !== undefined && !without.has('topP') && { top_p: request.topP }),
    ...(request.stop !== undefined && request.stop.length > 0 && { stop: [...request.stop] }),
    ...(request.seed !== undefined && !without.has('seed') && { seed: request.seed }),
    ...(settings.topLogProbabilities !== undefined &&
      !without.has('logProbabilities') && {
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
    readonly message?: WireText | undefined;
    readonly delta?: WireText | undefined;
    readonly finish_reason?: unknown;
    /** How gateways report what interrupted an answer. */
    readonly error?: unknown;
    readonly logprobs?: WireLogprobs | null | undefined;
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

/**
 * Why an answer ended, from the words of many servers (`max_tokens`, `MAX_TOKENS`, `SAFETY`, `model_length`).
 *
 * @returns `'failed'` where generating broke off; undefined where no reason is given yet (null or an empty text)
 */
export function readFinish(reason: unknown): GenerateResult['finishReason'] | 'failed' | undefined {
  if (reason === null || reason === undefined || reason === '') return undefined;
  const name = String(reason);
  if (/^length$|max_?(new_|output_|completion_)?tokens|model_?length|context_?(length|window)/i.test(name))
    return 'length';
  if (/filter|safety|recitation|blocklist|prohibited|spii|refusal|guardrail|sensitive|moderation/i.test(name))
    return 'filter';
  if (/error|abort|cancel|fail|^other$|malformed|unspecified|^insufficient_/i.test(name)) return 'failed';
  // Other names (tool_calls, eos_token, stop_sequence, COMPLETE) are ways to end by itself.
  return 'stop';
}

const isProbability = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value <= 1e-6;

/** Log-probabilities of a choice in our words; none where one of them is missing or is none. */
export function readLogProbabilities(logprobs: WireLogprobs | null | undefined): TokenLogProbability[] {
  const content: unknown = logprobs?.content;
  if (!Array.isArray(content)) return [];
  const given = content as NonNullable<WireLogprobs['content']>;
  if (!given.every((one) => typeof one?.token === 'string' && isProbability(one.logprob))) return [];
  return given.map((one) => ({
    token: one.token,
    logProbability: one.logprob,
    alternatives: (Array.isArray(one.top_logprobs) ? one.top_logprobs : [])
      .filter((other) => typeof other?.token === 'string' && isProbability(other.logprob))
      .map((other) => ({ token: other.token, logProbability: other.logprob })),
  }));
}

/** More tokens than any answer has: what exceeds it is no count. */
const MOST_TOKENS = 1e8;

const isCount = (given: unknown): given is number =>
  typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= MOST_TOKENS;

/** Puts an answer together; if the server reports no usage, or an invalid one, it is estimated. */
export function chatResult(
  request: GenerateRequest,
  settings: ChatSettings,
  wording: Wording,
  answer: {
    readonly text: string;
    readonly refusal: string;
    readonly finish: GenerateResult['finishReason'] | undefined;
    readonly usage: WireChat['usage'];
    readonly model: unknown;
    readonly logProbabilities: readonly TokenLogProbability[];
  },
  redact: Redact,
): GenerateResult | ScoredGenerateResult {
  const count = (given: unknown, text: () => string): number =>
    isCount(given) ? given : estimateTokens(text());
  const said = redact(answer.text || answer.refusal);
  const isWrapped =
    request.schema !== undefined && wording.mode !== 'prompt' && needsWrapper(request.schema.jsonSchema);
  const tokens = answer.logProbabilities.map((one) => one.token).join('');
  const ignored = ignoredParameters(request, settings, wording);
  return {
    text: isWrapped ? unwrapAnswer(said) : said,
    usage: {
      inputTokens: count(answer.usage?.prompt_tokens, () =>
        request.messages.map((m) => m.content).join('\n'),
      ),
      outputTokens: count(answer.usage?.completion_tokens, () => answer.text),
    },
    finishReason: answer.refusal ? 'filter' : (answer.finish ?? 'stop'),
    model: typeof answer.model === 'string' && answer.model !== '' ? redact(answer.model) : settings.model,
    ...(ignored.length > 0 && { ignored }),
    ...(settings.topLogProbabilities !== undefined && {
      logProbabilities: redact(tokens) === tokens ? answer.logProbabilities : [],
    }),
  };
}

/** A body whose content type hid that it is JSON, as JSON; else as it came. */
export function jsonBody(body: unknown): unknown {
  if (typeof body !== 'string' || !/^\s*[[{]/.test(body)) return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/**
 * Reads the body of a chat completion.
 *
 * @throws ModelCallError if it is none (`bad-answer`, or what an error body says), or generating broke off
 */
export function parseChat(
  given: unknown,
  request: GenerateRequest,
  settings: ChatSettings,
  wording: Wording,
  server: Server,
): GenerateResult {
  const body = jsonBody(given);
  const choices: unknown = (body as WireChat | undefined | null)?.choices;
  const choice = Array.isArray(choices)
    ? (choices[0] as NonNullable<WireChat['choices']>[number])
    : undefined;
  const message: unknown = choice?.message;
  // Gateways put the error of the server behind them beside what it had written.
  const error = readErrorBody({ error: (body as WireChat | undefined | null)?.error });
  if (error || !choice || typeof message !== 'object' || message === null) throw badBody(body, server);
  const finish = readFinish(choice.finish_reason);
  if (finish === 'failed') throw brokenOff(choice, server);
  return chatResult(
    request,
    settings,
    wording,
    {
      text: textOf((message as WireText).content),
      refusal: textOf((message as WireText).refusal),
      finish,
      usage: (body as WireChat).usage,
      model: (body as WireChat).model,
      logProbabilities: readLogProbabilities(choice.logprobs),
    },
    server.redact,
  );
}

/** The error for an answer whose generation failed underway, as its finish reason says. */
export function brokenOff(
  choice: { readonly finish_reason?: unknown; readonly error?: unknown },
  { where, redact }: Server,
): ModelCallError {
  const said = readErrorBody({ error: choice.error })?.message;
  return new ModelCallError('server-failed', {
    expected: `a complete answer of ${where}`,
    received: `finish reason ${JSON.stringify(choice.finish_reason)}${said ? `: ${redact(said)}` : ''}`,
    hint: 'Call again, or check the server.',
    isRetryable: true,
  });
}

/** The error for a body that came with status 200 and is not what was asked for. */
export function badBody(
  body: unknown,
  { where, redact }: Server,
  what = 'a chat completion',
  part = 'choices',
): ModelCallError {
  const isPage = typeof body === 'string';
  const error = isPage ? undefined : readErrorBody(body);
  if (error) return errorWithin(error, { what, where, redact });
  return new ModelCallError('bad-answer', {
    expected: `${what} from ${where}`,
    received: isPage
      ? `content that is not JSON: ${JSON.stringify(redact(body.slice(0, 4000)).slice(0, 80))}`
      : `a body without ${part}: ${redact(describe(body)).slice(0, 200)}`,
    hint: isPage
      ? 'Check baseURL: this looks like another kind of server, or a sign-in page.'
      : 'Call again; if it stays, check the server.',
    isRetryable: !isPage,
  });
}

/** The beginning of a body as JSON, with its fields cut before they are written out. */
function describe(body: unknown): string {
  if (typeof body !== 'object' || body === null) return JSON.stringify(body) ?? 'none';
  return JSON.stringify(body, (_, value: unknown) =>
    typeof value === 'string' ? value.slice(0, 200) : Array.isArray(value) ? value.slice(0, 10) : value,
  );
}
