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

/** The one property of a wrapped schema. */
const WRAPPER = 'value';

/** Tells whether a schema is of something else than an object, which response formats do not take at the root. */
export function needsWrapper(schema: JsonSchema): boolean {
  return schema.type !== 'object';
}

/** The request with its schema as the one property of an object; as it is where its schema is of an object. */
export function withWrappedSchema(request: GenerateRequest): GenerateRequest {
  const { schema } = request;
  if (!schema || !needsWrapper(schema.jsonSchema)) return request;
  const { $schema, $defs, ...value } = schema.jsonSchema;
  return {
    ...request,
    schema: {
      name: schema.name,
      jsonSchema: {
        $schema,
        type: 'object',
        properties: { [WRAPPER]: withMovedRoot(value) },
        required: [WRAPPER],
        additionalProperties: false,
        ...($defs === undefined ? {} : { $defs: withMovedRoot($defs) }),
      },
    },
  };
}

/** References to the root of a schema, where the root has become a property. */
function withMovedRoot(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withMovedRoot);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [
      name,
      name === '$ref' && value === '#' ? `#/properties/${WRAPPER}` : withMovedRoot(value),
    ]),
  );
}

/** An answer without the wrapper; as it is where there is none, or other words are around it. */
export function unwrapAnswer(text: string): string {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return text;
    const names = Object.keys(answer);
    return names.length === 1 && names[0] === WRAPPER
      ? JSON.stringify((answer as Record<string, unknown>)[WRAPPER])
      : text;
  } catch {
    return text;
  }
}

/**
 * The request with its schema said in words, which is all that many models and servers heed: in the system message, or at
 * the head of the first message where there is none. Every provider puts it so.
 */
export function withSchemaInstruction(request: GenerateRequest): GenerateRequest {
  if (!request.schema) return request;
  const instruction =
    'Answer with a single JSON value and nothing else: no explanation, no code fence. ' +
    `It must satisfy this JSON schema:\n${JSON.stringify(request.schema.jsonSchema)}`;
  const [first, ...others] = request.messages;
  // Many chat templates allow one system message, at the start, and some none: what came without gets none.
  const messages =
    first?.role === 'system'
      ? [{ role: first.role, content: `${first.content}\n\n${instruction}` }, ...others]
      : first?.role === 'user'
        ? [{ role: first.role, content: `${instruction}\n\n${first.content}` }, ...others]
        : [{ role: 'system' as const, content: instruction }, ...request.messages];
  return { ...request, messages };
}
