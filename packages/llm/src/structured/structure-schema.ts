import { InvalidInputError } from '@palate/core';
import { z } from 'zod';

/**
 * The JSON schema that a model is given for a Zod schema: of what goes into it, before defaults and
 * transforms. Objects that do not say otherwise allow no further properties, which strict servers insist on.
 *
 * @throws InvalidInputError if JSON schema cannot say it (a date, a map, a custom check of another type)
 */
export function structureSchema(schema: z.ZodType): Record<string, unknown> {
  try {
    return withoutFurtherProperties(z.toJSONSchema(schema, { io: 'input' })) as Record<string, unknown>;
  } catch (cause) {
    throw new InvalidInputError({
      expected: 'a Zod schema that JSON schema can express',
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'Use strings, numbers, booleans, enums, arrays and objects; transform after them.',
      cause,
    });
  }
}

function withoutFurtherProperties(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutFurtherProperties);
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(node)) copy[name] = withoutFurtherProperties(value);
  if (copy.type === 'object' && copy.properties !== undefined && copy.additionalProperties === undefined)
    copy.additionalProperties = false;
  return copy;
}
