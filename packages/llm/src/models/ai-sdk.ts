import {
  defineOptions,
  type GenerateRequest,
  type GenerateResult,
  InvalidInputError,
  type OptionsOf,
  option,
} from '@palate/core';
import { fromAiSdkError } from './ai-sdk-errors.js';
import { estimateTokens } from './count-tokens.js';
import { ModelCallError } from './model-error.js';
import { needsWrapper, unwrapAnswer, withSchemaInstruction, withWrappedSchema } from './schema-format.js';
import { languageModel, type StreamingLanguageModel } from './single-calls.js';
import { withinTime } from './within-time.js';

/**
 * A language model of the Vercel AI SDK, of version 2 or 3 of its specification (`ai` 5 and 6): what a provider's function
 * returns, such as `openai('gpt-4o-mini')`, `anthropic(…)` or `ollama(…)`.
 */
export interface AiSdkLanguageModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  // Its arguments differ between versions of the specification.
  doGenerate(options: never): PromiseLike<unknown>;
}

/** Options that say how a model of the AI SDK is called. */
export const AI_SDK_CALLS = {
  timeoutSeconds: option.number({ min: 0.001, max: 2_147_483 })({
    default: 120,
    doc: 'time limit for a whole answer, in seconds',
  }),
  concurrency: option.integer({ min: 1 })({ default: 16, doc: 'most requests in flight at once' }),
} as const;

/** Options of {@link aiSdkModel}, beside the model. */
export const AI_SDK_MODEL = defineOptions(
  'aiSdkModel',
  {
    structuredOutput: option.choice(['schema', 'prompt'])({
      default: 'schema',
      doc: "how a request's schema is sent: `schema` as the provider's JSON format, `prompt` only in words. The prompt always has the words",
    }),
    ...AI_SDK_CALLS,
  },
  ['model'],
);

/** Options of {@link aiSdkModel}; {@link AI_SDK_MODEL} says what each does. */
export type AiSdkModelOptions = OptionsOf<typeof AI_SDK_MODEL.declarations> & {
  readonly model: AiSdkLanguageModel;
};

/** Answer of `doGenerate` in either version. */
interface Generated {
  readonly content?: readonly { readonly type?: unknown; readonly text?: unknown }[] | undefined;
  readonly finishReason?: string | { readonly unified?: string } | undefined;
  readonly usage?:
    | { readonly inputTokens?: number | Total; readonly outputTokens?: number | Total }
    | undefined;
  readonly warnings?:
    | readonly { readonly type?: string; readonly setting?: string; readonly feature?: string }[]
    | undefined;
  readonly response?: { readonly modelId?: string } | undefined;
}

interface Total {
  readonly total?: number | undefined;
}

/**
 * Makes a language model of any model of the Vercel AI SDK, without its retries: a failing call fails one answer, by the
 * errors of this package. Wrap it in `withRetry`, `withCache` and the others like any model.
 *
 * Settings that the provider leaves out are named in `ignored` of the result. Answers without usage get an estimate.
 *
 * @throws InvalidInputError for what is no model of the SDK, such as its name alone
 */
export function aiSdkModel(options: AiSdkModelOptions): StreamingLanguageModel {
  const { structuredOutput, timeoutSeconds, concurrency } = AI_SDK_MODEL.settings(options);
  const { model } = options;
  checkSdkModel(model, 'doGenerate');
  const where = `${model.provider} ${model.modelId}`;
  const hasFormat = structuredOutput === 'schema';
  return languageModel({
    id: `ai-sdk:${model.provider}:${model.modelId}`,
    concurrency,
    settings: hasFormat ? {} : { structuredOutput },
    async generate(asked, { signal, onText }) {
      const request = hasFormat ? withWrappedSchema(asked) : asked;
      const isWrapped = hasFormat && asked.schema !== undefined && needsWrapper(asked.schema.jsonSchema);
      const answer = await callSdk(where, 'a generation', { signal, timeoutSeconds }, (abortSignal) =>
        // Models of several versions of the SDK are taken, whose types of options differ.
        model.doGenerate(callOptions(request, hasFormat, abortSignal) as never),
      );
      const result = readGenerated(Object(answer), request, where);
      const whole = isWrapped ? { ...result, text: unwrapAnswer(result.text) } : result;
      onText?.(whole.text);
      return whole;
    },
  });
}

/** Refuses what is no model of the SDK. */
export function checkSdkModel(model: unknown, method: string): void {
  const { provider, modelId, [method]: call } = Object(model) as Record<string, unknown>;
  if (typeof provider === 'string' && typeof modelId === 'string' && typeof call === 'function') return;
  throw new InvalidInputError({
    expected: `a model of the AI SDK, with ${method}`,
    received: typeof model === 'string' ? `the text ${JSON.stringify(model)}` : typeof model,
    hint: "Pass what a provider's function returns, such as openai('gpt-4o-mini').",
  });
}

/**
 * Makes a call within its time.
 *
 * @throws ModelCallError if it fails, CancelledError if the signal fires
 */
export function callSdk<T>(
  where: string,
  what: string,
  { signal, timeoutSeconds }: { readonly signal?: AbortSignal | undefined; readonly timeoutSeconds: number },
  call: (signal: AbortSignal) => PromiseLike<T>,
): Promise<T> {
  const expected = `${what} by ${where} within ${timeoutSeconds} s`;
  return withinTime({ what, expected, milliseconds: 1000 * timeoutSeconds }, signal, call, (error) =>
    fromAiSdkError(error, what, where),
  );
}

/** A request as the specification has it. */
function callOptions(asked: GenerateRequest, hasFormat: boolean, abortSignal: AbortSignal): unknown {
  const { messages, maxTokens, temperature, topP, stop, seed, schema } = withSchemaInstruction(asked);
  return {
    prompt: messages.map(({ role, content }) =>
      role === 'system' ? { role, content } : { role, content: [{ type: 'text', text: content }] },
    ),
    ...(maxTokens !== undefined && { maxOutputTokens: maxTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(stop !== undefined && stop.length > 0 && { stopSequences: [...stop] }),
    ...(seed !== undefined && { seed }),
    ...(schema &&
      hasFormat && { responseFormat: { type: 'json', schema: schema.jsonSchema, name: schema.name } }),
    abortSignal,
  };
}

function readGenerated(answer: Generated, request: GenerateRequest, where: string): GenerateResult {
  const { content, finishReason, usage, warnings, response } = answer;
  const reason = typeof finishReason === 'object' ? finishReason.unified : finishReason;
  if (!Array.isArray(content) || reason === 'error')
    throw new ModelCallError('bad-answer', {
      expected: `an answer of ${where}`,
      received: reason === 'error' ? 'one that broke off with an error' : 'one without content',
      hint: 'Call again; if it stays, check the provider.',
      isRetryable: true,
    });
  const text = content
    .map((part) => (part.type === 'text' && typeof part.text === 'string' ? part.text : ''))
    .join('');
  const tokens = (given: number | Total | undefined, estimate: string): number => {
    const told = typeof given === 'object' ? given.total : given;
    return typeof told === 'number' && Number.isFinite(told) ? told : estimateTokens(estimate);
  };
  const ignored = (warnings ?? []).flatMap(({ type = '', setting, feature }) =>
    type.startsWith('unsupported') ? [setting ?? feature ?? 'a setting'] : [],
  );
  return {
    text,
    usage: {
      inputTokens: tokens(usage?.inputTokens, request.messages.map(({ content }) => content).join('\n')),
      outputTokens: tokens(usage?.outputTokens, text),
    },
    finishReason: reason === 'length' ? 'length' : reason === 'content-filter' ? 'filter' : 'stop',
    model: response?.modelId ?? where,
    ...(ignored.length > 0 && { ignored }),
  };
}
