import { createHash } from 'node:crypto';
import type { GenerateRequest } from '@palate/core';
import { expect, test } from 'vitest';
import { canonicalJson, requestKey } from '../../src/models/request-key.js';

const base: GenerateRequest = {
  messages: [{ role: 'user', content: 'hi' }],
  temperature: 0,
  promptVersion: '1',
};

test('the key is the SHA-256 of the canonical text', () => {
  const text =
    '["palate-request-1","openai:m",{},"generate",' +
    '{"messages":[{"content":"hi","role":"user"}],"promptVersion":"1","temperature":0}]';
  expect(requestKey({ id: 'openai:m' }, base)).toBe(createHash('sha256').update(text).digest('hex'));
});

test('the order of fields, undefined fields and an empty stop list do not matter', () => {
  const key = requestKey({ id: 'm' }, base);
  const other = { promptVersion: '1', temperature: 0, messages: [{ content: 'hi', role: 'user' }], stop: [] };
  expect(requestKey({ id: 'm', settings: {} }, other as GenerateRequest)).toBe(key);
  expect(canonicalJson({ b: [1, { d: undefined, c: null }], a: 'x' })).toBe('{"a":"x","b":[1,{"c":null}]}');
});

test('everything that shapes the answer matters', () => {
  const schema = { name: 's', jsonSchema: { type: 'object' } };
  const different: [object, GenerateRequest][] = [
    [{ id: 'm' }, base],
    [{ id: 'n' }, base],
    [{ id: 'm', settings: { topLogProbabilities: 1 } }, base],
    ...[
      { temperature: 1 },
      { topP: 0.5 },
      { maxTokens: 1 },
      { seed: 1 },
      { stop: ['x'] },
      { promptVersion: '2' },
      { schema },
      { schema: { ...schema, jsonSchema: { type: 'array' } } },
      { messages: [{ role: 'system' as const, content: 'hi' }] },
    ].map((more): [object, GenerateRequest] => [{ id: 'm' }, { ...base, ...more }]),
  ];
  const keys = different.map(([model, request]) => requestKey(model as { id: string }, request));
  expect(new Set(keys).size).toBe(different.length);
});
