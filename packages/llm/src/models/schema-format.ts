import type { GenerateRequest } from '@palate/core';

type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Tells whether OpenAI's strict mode takes a schema: every object lists all its properties as required and
 * allows no others (https://platform.openai.com/docs/guides/structured-outputs).
 */
export function isStrictSchema(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrictSchema);
  if (typeof schema !== 'object' || schema === null) return true;
  const { type, properties, required, additionalProperties } = schema as JsonSchema;
  if (type === 'object') {
    const names = Object.keys((properties as object | undefined) ?? {});
    const listed = (required as readonly string[] | undefined) ?? [];
    if (additionalProperties !== false || !names.every((name) => listed.includes(name))) return false;
  }
  return Object.values(schema).every(isStrictSchema);
}

/** The request with its schema said in words, for models and servers that take none otherwise. */
export function withSchemaInstruction(request: GenerateRequest): GenerateRequest {
  if (!request.schema) return request;
  const instruction =
    'Answer with a single JSON value and nothing else: no explanation, no code fence. ' +
    `It must satisfy this JSON schema:\n${JSON.stringify(request.schema.jsonSchema)}`;
  const [first, ...others] = request.messages;
  // Many chat templates allow one system message, at the start.
  const messages =
    first?.role === 'system'
      ? [{ role: 'system' as const, content: `${first.content}\n\n${instruction}` }, ...others]
      : [{ role: 'system' as const, content: instruction }, ...request.messages];
  return { ...request, messages };
}
