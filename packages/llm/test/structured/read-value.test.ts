import { expect, test } from 'vitest';
import { z } from 'zod';
import { readValue } from '../../src/structured/read-value.js';
import { structureSchema } from '../../src/structured/structure-schema.js';

const Ranking = z.object({ ranking: z.array(z.number()) });
const Explained = z.object({ ranking: z.array(z.object({ number: z.number(), why: z.string() })) });

async function read<S extends z.ZodType>(schema: S, text: string, isCut = false): Promise<unknown> {
  const outcome = await readValue(schema, structureSchema(schema), text, isCut);
  return outcome.ok ? outcome.value : undefined;
}

test.each<[string, string]>([
  ['as asked for', '{"ranking": [3, 1]}'],
  ['after reasoning with a draft', '<think>{"ranking": [2]}?</think>{"ranking": [3, 1]}'],
  [
    'after reasoning whose opening mark the template wrote',
    'Maybe {"ranking": [2]}.</think>{"ranking": [3, 1]}',
  ],
  ['after words and citations', 'As the history [1] and the taste [2] say: {"ranking": [3, 1]}'],
  ['before citations', '{"ranking": [3, 1]} because of [2] and [4].'],
  ['in a fence', 'Sure!\n```json\n{"ranking": [3, 1]}\n```\nEnjoy [2]!'],
  ['corrected', '{"ranking": [2]} No, wait: {"ranking": [3, 1]}'],
  ['before a turn that nobody asked for', '{"ranking": [3, 1]}\nUser: and now?\nAssistant: {"ranking": [2]}'],
  ['with trailing commas', '{"ranking": [3, 1,],}'],
  ['with comments', '{"ranking": [3, 1] /* best first */}'],
  ['in single quotes', "Here: {'ranking': [3, 1]}"],
  ['with typographic quotes', '{“ranking”: [3, 1]}'],
  ['numbers as strings', '{"ranking": ["3", "1"]}'],
  ['numbers as strings with marks', '{"ranking": ["#3", "1."]}'],
  ['a bare array', '[3, 1]'],
  ['a bare array of strings', '["3", "1"]'],
  ['a bare array after words', 'My ranking: [3, 1]'],
  ['in an envelope', '{"answer": {"ranking": [3, 1]}}'],
  ['under a name in another case', '{"Ranking": [3, 1]}'],
  ['one object in an array', '[{"ranking": [3, 1]}]'],
  ['as text', '{"ranking": "3, 1"}'],
  ['after a brace that nothing closes', 'I use {braces "freely. {"ranking": [3, 1]}'],
])('a ranking is read %s', async (_, text) => {
  expect(await read(Ranking, text)).toEqual({ ranking: [3, 1] });
});

test('one object stands for an array of one', async () => {
  expect(await read(Explained, '{"ranking": {"number": "2", "why": "war"}}')).toEqual({
    ranking: [{ number: 2, why: 'war' }],
  });
  expect(await read(z.array(z.object({ a: z.number() })), '{"a": 1}')).toEqual([{ a: 1 }]);
  expect(await read(z.array(z.object({ a: z.number() })), '{"items": [{"a": 1}]}')).toEqual([{ a: 1 }]);
});

test('Python’s literals and words for booleans are understood', async () => {
  const Flag = z.object({ isGood: z.boolean(), note: z.string().nullable() });
  expect(await read(Flag, "{'isGood': True, 'note': None}")).toEqual({ isGood: true, note: null });
  expect(await read(Flag, '{"isGood": "no", "note": null}')).toEqual({ isGood: false, note: null });
});

test('a choice may be written in another case', async () => {
  expect(await read(z.object({ mood: z.enum(['dark', 'light']) }), '{"mood": " Dark "}')).toEqual({
    mood: 'dark',
  });
});

test.each([
  ['', false],
  ['I like [1] best.', false],
  ['[1] is a film that suits.', false],
  ['<think>{"ranking": [3, 1]}', false],
  ['{"ranking": ["Heat"]}', false],
  ['{"ranking": [3, 1', true],
  // The answer was cut in the middle of thinking aloud.
  ['Perhaps {"ranking": [2]} would do, but then ag', true],
])('no ranking is read out of %j (cut: %j)', async (text, isCut) => {
  expect(await read(Ranking, text, isCut)).toBeUndefined();
});

test('a whole value that opens a cut answer counts', async () => {
  expect(await read(Ranking, '```json\n{"ranking": [3, 1]}\n```\nI chose these since', true)).toEqual({
    ranking: [3, 1],
  });
});
