import { z } from 'zod';
import { failure } from './answer-schemas.js';
import { ENGINE_ROUTES, type EngineRoute, OWN_ROUTES } from './routes.js';

type Json = Readonly<Record<string, unknown>>;

const BASE = '/api/v1';
const REF = '#/components/schemas/';

/** The description of the interface, OpenAPI 3.1: made of the schemas by which requests are checked. */
export function openApi(version: string): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { uri: (id) => `${REF}${id}`, io: 'input' });
  const components = Object.fromEntries(
    Object.entries(schemas).map(([id, { $id: _id, $schema: _schema, id: _name, ...schema }]) => [id, schema]),
  );
  const paths: Record<string, Record<string, Json>> = {
    '/health': { get: own('Says that the process is alive') },
    '/ready': {
      get: own('Says whether the models are ready; 503 until then, and while the server shuts down'),
    },
    '/metrics': { get: own('Metrics for Prometheus', 'text/plain') },
  };
  for (const route of [...ENGINE_ROUTES, ...OWN_ROUTES]) {
    const path = `${BASE}${route.path}`;
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Palate',
      version,
      description:
        'Recommends, ranks, searches and explains over one set of data. Ids are those of the data.',
    },
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'Required if the server has API keys.' },
      },
    },
    security: [{}, { key: [] }],
  };
}

const own = (summary: string, type = 'application/json'): Json => ({
  summary,
  responses: { 200: { description: 'It is so.', content: { [type]: {} } } },
});

const nameOf = (schema: z.ZodType): string => String(schema.meta()?.id);

const content = (schema: z.ZodType): Json => ({
  'application/json': { schema: { $ref: `${REF}${nameOf(schema)}` } },
});

function operationOf(route: Omit<EngineRoute, 'operation' | 'argument'>): Json {
  const { path, method, summary, body, query, answer, streams } = route;
  const isStream = path.endsWith('/events');
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(query ? queryParameters(query) : []),
  ];
  const failed = (description: string): Json => ({ description, content: content(failure) });
  return {
    summary,
    operationId: `${method}${path.replace(/[^a-z]+(\w)?/gi, (_, next: string | undefined) => (next ?? '').toUpperCase())}`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: content(body) } } : {}),
    responses: {
      [/^\/(re)?fit$/.test(path) ? 202 : 200]: {
        description: 'The answer.',
        content: {
          ...(isStream ? {} : content(answer)),
          ...(isStream || streams ? { 'text/event-stream': { schema: { type: 'string' } } } : {}),
        },
      },
      400: failed('The request cannot be used.'),
      401: failed('A key is missing or unknown.'),
      ...(path.includes('{id}') ? { 404: failed('Nobody knows the id.') } : {}),
      ...(body ? { 413: failed('The body is too large.') } : {}),
      429: failed('Too many requests; Retry-After says when to ask again.'),
      503: failed('Not ready, or shutting down.'),
    },
  };
}

function queryParameters(query: z.ZodType): Json[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: /offset|limit/.test(name) ? { ...(schema as Json), type: 'integer' } : schema,
  }));
}
