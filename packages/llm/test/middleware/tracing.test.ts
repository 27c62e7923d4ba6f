import { ProxyTracerProvider, trace } from '@opentelemetry/api';
import type { GenerateRequest } from '@palate/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SpanTracer, withTracing } from '../../src/middleware/tracing.js';
import { openaiModel } from '../../src/models/openai.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

interface Span {
  name: string;
  kind: number;
  attributes: Record<string, unknown>;
  status?: unknown;
  ended: boolean;
}

function collector(): { tracer: SpanTracer; spans: Span[] } {
  const spans: Span[] = [];
  const tracer: SpanTracer = {
    startSpan(name, { kind, attributes }) {
      const span: Span = { name, kind, attributes: { ...attributes }, ended: false };
      spans.push(span);
      return {
        setAttributes: (more) => Object.assign(span.attributes, more),
        setStatus: (status) => {
          span.status = status;
        },
        end: () => {
          span.ended = true;
        },
      };
    },
  };
  return { tracer, spans };
}

const ask: GenerateRequest = {
  messages: [{ role: 'user', content: 'a secret wish' }],
  maxTokens: 9,
  temperature: 0.5,
  promptVersion: '3',
};
const model = (name: string): ReturnType<typeof openaiModel> =>
  openaiModel({ model: name, baseURL: server.baseURL, apiKey: 'sk-traced-1' });

test('a span has the names of the semantic conventions, and no texts', async () => {
  const { tracer, spans } = collector();
  await withTracing(model('traced'), { tracer }).generate([ask]);
  expect(spans).toEqual([
    {
      name: 'chat traced',
      kind: 2,
      ended: true,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'traced',
        'gen_ai.request.max_tokens': 9,
        'gen_ai.request.temperature': 0.5,
        'gen_ai.output.type': 'text',
        'palate.prompt.version': '3',
        'gen_ai.response.model': 'traced',
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.usage.input_tokens': 3,
        'gen_ai.usage.output_tokens': 5,
      },
    },
  ]);
});

test('a failed call ends its span with the error code', async () => {
  const { tracer, spans } = collector();
  await server.control.script('failing', [{ kind: 'status', status: 401, echoKey: true }]);
  await withTracing(model('failing'), { tracer }).generate([ask]);
  expect(spans[0]).toMatchObject({
    ended: true,
    status: { code: 2, message: 'not-authorised' },
    attributes: { 'error.type': 'not-authorised' },
  });
  expect(JSON.stringify(spans)).not.toContain('sk-traced-1');
});

test('without a tracer it takes the global one of @opentelemetry/api', async () => {
  const { tracer, spans } = collector();
  const provider = new ProxyTracerProvider();
  provider.setDelegate({ getTracer: () => tracer as never });
  trace.setGlobalTracerProvider(provider);
  try {
    await withTracing(model('global')).generate([ask, ask]);
  } finally {
    trace.disable();
  }
  expect(spans.map((span) => span.name)).toEqual(['chat global', 'chat global']);
});
