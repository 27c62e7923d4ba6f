import {
  defineOptions,
  type LanguageModel,
  MissingDependencyError,
  type OptionsOf,
  option,
  PalateError,
} from '@palate/core';
import { languageModel, type StreamingLanguageModel, singleCalls } from '../models/single-calls.js';

type AttributeValue = string | number | readonly string[];

/** As much of an OpenTelemetry span as is used. */
export interface TraceSpan {
  setAttributes(attributes: Record<string, AttributeValue>): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

/** As much of an OpenTelemetry tracer as is used. */
export interface SpanTracer {
  startSpan(name: string, options: { kind: number; attributes: Record<string, AttributeValue> }): TraceSpan;
}

/** Options of {@link withTracing}. */
export const TRACING = defineOptions(
  'withTracing',
  {
    tracer: option
      .value<SpanTracer>('a tracer', (value) => typeof Object(value).startSpan === 'function')
      .optional({
        doc: 'starts the spans; left out: that of the global provider of `@opentelemetry/api`, which is then needed',
      }),
  },
  [],
);

/** Options of {@link withTracing}; {@link TRACING} says what each does. */
export type TracingOptions = OptionsOf<typeof TRACING.declarations>;

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR` of the OpenTelemetry specification. */
const KIND_CLIENT = 2;
const STATUS_ERROR = 2;

/**
 * Writes an OpenTelemetry span for every call, named and with attributes as the semantic conventions for
 * generative AI have them (`gen_ai.*`); texts are never written.
 *
 * @throws MissingDependencyError on the first call if `@opentelemetry/api` is needed and not installed
 */
export function withTracing(model: LanguageModel, options: TracingOptions = {}): StreamingLanguageModel {
  const { tracer: given } = TRACING.settings(options);
  const calls = singleCalls(model);
  const colon = calls.id.indexOf(':');
  const [provider, name] = [calls.id.slice(0, Math.max(0, colon)), calls.id.slice(colon + 1)];

  async function traced<T>(
    operation: string,
    asked: Record<string, AttributeValue | undefined>,
    work: () => Promise<T>,
    answered: (result: T) => Record<string, AttributeValue>,
  ): Promise<T> {
    const tracer = given ?? (await globalTracer());
    const attributes: Record<string, AttributeValue> = {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': name,
    };
    for (const [key, value] of Object.entries(asked)) if (value !== undefined) attributes[key] = value;
    const span = tracer.startSpan(`${operation} ${name}`, { kind: KIND_CLIENT, attributes });
    try {
      const result = await work();
      span.setAttributes(answered(result));
      return result;
    } catch (error) {
      const code = PalateError.is(error) ? error.code : 'unknown';
      span.setAttributes({ 'error.type': code });
      span.setStatus({ code: STATUS_ERROR, message: code });
      throw error;
    } finally {
      span.end();
    }
  }

  const { logLikelihood } = calls;
  return languageModel({
    ...calls,
    generate: (request, how) =>
      traced(
        'chat',
        {
          'gen_ai.request.max_tokens': request.maxTokens,
          'gen_ai.request.temperature': request.temperature,
          'gen_ai.request.top_p': request.topP,
          'gen_ai.request.seed': request.seed,
          'gen_ai.request.stop_sequences': request.stop,
          'gen_ai.output.type': request.schema ? 'json' : 'text',
          'palate.prompt.version': request.promptVersion,
        },
        () => calls.generate(request, how),
        ({ usage, finishReason, model: answeredBy }) => ({
          'gen_ai.response.model': answeredBy,
          'gen_ai.response.finish_reasons': [finishReason],
          'gen_ai.usage.input_tokens': usage.inputTokens,
          'gen_ai.usage.output_tokens': usage.outputTokens,
        }),
      ),
    ...(logLikelihood && {
      logLikelihood: (request, how) =>
        traced(
          'log_likelihood',
          {},
          () => logLikelihood.call(calls, request, how),
          ({ tokens }) => ({ 'gen_ai.usage.input_tokens': tokens }),
        ),
    }),
  });
}

async function globalTracer(): Promise<SpanTracer> {
  try {
    const { trace } = await import('@opentelemetry/api');
    const tracer: SpanTracer = trace.getTracer('@palate/llm');
    return tracer;
  } catch (cause) {
    throw new MissingDependencyError('@opentelemetry/api', 'withTracing', cause);
  }
}
