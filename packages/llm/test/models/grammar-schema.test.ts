import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { grammarSchema } from '../../src/models/grammar-schema.js';
import { structureSchema } from '../../src/structured/structure-schema.js';

const of = (schema: z.ZodType) => grammarSchema(structureSchema(schema));

describe('grammarSchema', () => {
  test('keeps what grammars hold, and says what they do not', () => {
    expect(
      of(
        z.object({
          ranking: z.array(z.int().min(1).max(3)).min(1).max(10),
          why: z.string().regex(/^a/).max(20),
        }),
      ),
    ).toEqual({
      schema: {
        type: 'object',
        properties: {
          ranking: { type: 'array', items: { enum: [1, 2, 3] }, minItems: 1, maxItems: 10 },
          why: { type: 'string', maxLength: 20 },
        },
        additionalProperties: false,
      },
      unsaid: ['pattern'],
    });
    expect(of(z.number().min(0).max(10))).toEqual({
      schema: { type: 'number' },
      unsaid: ['maximum', 'minimum'],
    });
    expect(of(z.int())).toEqual({ schema: { type: 'integer' }, unsaid: [] });
    expect(grammarSchema({ type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 3 }).schema).toEqual({
      enum: [1, 2],
    });
    expect(grammarSchema({ type: 'array', items: { type: 'string' }, uniqueItems: true }).unsaid).toEqual([
      'uniqueItems',
    ]);
    expect(grammarSchema({ type: 'string', format: 'email' })).toEqual({
      schema: { type: 'string' },
      unsaid: ['format'],
    });
  });

  test('turns choices into the one form that the library reads', () => {
    expect(of(z.object({ x: z.union([z.string().max(3), z.array(z.string())]) })).schema).toMatchObject({
      properties: {
        x: {
          oneOf: [
            { type: 'string', maxLength: 3 },
            { type: 'array', items: { type: 'string' } },
          ],
        },
      },
    });
  });

  test('gives up where a grammar would be of something else', () => {
    for (const [schema, keyword] of [
      [{ allOf: [{ type: 'string' }] }, 'allOf'],
      [{ type: 'object', properties: { a: { not: { type: 'null' } } } }, 'not'],
      [{ $ref: '#/$defs/a', $defs: { a: { type: 'string' } } }, '$ref'],
      [{ type: 'object', properties: { a: {} } }, 'type'],
      [{ type: 'object' }, 'additionalProperties'],
    ] as const)
      expect(grammarSchema(schema)).toEqual({ schema: undefined, unsaid: [keyword] });
  });
});
