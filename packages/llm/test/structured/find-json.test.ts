import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findJson } from '../../src/structured/find-json.js';

test.each<[string, unknown]>([
  ['{"a":1}', { a: 1 }],
  [' [1, 2]\n', [1, 2]],
  ['"text"', 'text'],
  ['```json\n{"a":1}\n```', { a: 1 }],
  ['```\n[1]\n```', [1]],
  ['Sure! Here it is:\n```json\n{"a":1}\n```\nAnything else?', { a: 1 }],
  ['The answer is {"a":{"b":"}"}} as you wished.', { a: { b: '}' } }],
  ['{"a":"say \\"{\\" twice"} or so', { a: 'say "{" twice' }],
  ['{"a":[1,2,],}', { a: [1, 2] }],
  ['{"a":"keep, ]this",}', { a: 'keep, ]this' }],
  ['I would {not} say this: {"a":1}', { a: 1 }],
  ['<think>maybe {"a":0}?</think>\n{"a":1}', { a: 1 }],
  ['{"a":"```js\\nx\\n```"}', { a: '```js\nx\n```' }],
])('finds the value in %j', (text, value) => {
  expect(findJson(text)).toEqual({ ok: true, value });
});

test.each([
  ['', /empty/],
  ['no idea', /not JSON/],
  ['{"a": "cut of', /not JSON/],
  ['{"a" 1}', /not JSON/],
])('finds none in %j', (text, reason) => {
  expect(findJson(text)).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
});

test('any JSON object survives words and a fence around it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const json = JSON.stringify(object);
      const value = JSON.parse(json);
      expect(findJson(`Here: ${json} Done.`)).toEqual({ ok: true, value });
      if (!json.includes('```'))
        expect(findJson(`Here:\n\`\`\`json\n${json}\n\`\`\``)).toEqual({ ok: true, value });
    }),
  );
});

test('any text gives a result, never an exception', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\`1a \n') }), (text) => void findJson(text)),
  );
});
