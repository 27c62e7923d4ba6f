import type { GenerateResult } from '@palate/core';
import { expect, test } from 'vitest';
import { readAnswer } from '../../src/structured/read-answer.js';

const result = (text: string, finishReason: GenerateResult['finishReason'] = 'stop'): GenerateResult => ({
  text,
  finishReason,
  usage: { inputTokens: 1, outputTokens: 1 },
  model: 'm',
});
const codeOf = (given: GenerateResult): string => {
  const read = readAnswer(given);
  return read.ok ? read.text : read.error.code;
};

test.each<[string, string]>([
  ['', 'empty-answer'],
  [' \n', 'empty-answer'],
  ['...', 'empty-answer'],
  ['<think>hm', 'reasoning-alone'],
  ["I'm sorry, but I can't help with that.", 'refused-answer'],
  ['I’m sorry, I cannot describe this film.', 'refused-answer'],
  ['I cannot provide information on that.', 'refused-answer'],
  ["I'm unable to generate a description.", 'refused-answer'],
  ["I don't have any information about this film.", 'refused-answer'],
  ['As an AI language model, I have not seen it.', 'refused-answer'],
  ['Unfortunately, I do not have access to it.', 'refused-answer'],
  ['抱歉，我无法回答。', 'refused-answer'],
  ['{"error": {"message": "overloaded", "code": 529}}', 'error-answer'],
  ['{"detail": "Not authenticated"}', 'error-answer'],
  ['<!DOCTYPE html><html><body>502</body></html>', 'error-answer'],
  ['Error: upstream timed out', 'error-answer'],
  ['Internal Server Error', 'error-answer'],
  ['An error occurred while processing your request.', 'error-answer'],
  ["I'm not sure.", 'refused-answer'],
  ['There is not enough information to describe this film.', 'refused-answer'],
  ['Could you please provide the title?', 'refused-answer'],
  ['How can I help you today?', 'refused-answer'],
  ['I was unable to find any information on it.', 'refused-answer'],
  ['Ich weiß es nicht.', 'refused-answer'],
  ['[description]', 'empty-answer'],
  ['<your answer here>', 'empty-answer'],
  ['{"description": null}', 'empty-answer'],
  ['{"message": "Rate limited", "code": 429}', 'error-answer'],
  ['{"errors": [{"message": "no route"}]}', 'error-answer'],
  ['HTTP 502', 'error-answer'],
])('%j is no answer', (text, code) => {
  expect(codeOf(result(text))).toBe(code);
});

test('what the length limit or a filter ended is no answer', () => {
  expect(codeOf(result('A slow film abo', 'length'))).toBe('cut-answer');
  expect(codeOf(result('<think>A slow film abo', 'length'))).toBe('reasoning-alone');
  expect(codeOf(result('A slow', 'filter'))).toBe('filtered-answer');
});

test.each([
  "I Can't Sleep (1994) is a drama by Claire Denis.",
  "Sorry to Bother You (2018) is a satire; people can't look away.",
  'I Am Legend is set in New York.',
  'A film about an error that costs lives.',
  "I'm Not There (2007) is a film about Dylan.",
  "I'm not sure, but I would say 4",
  'Please Give (2010) is a comedy.',
  'Can You Ever Forgive Me? is a drama.',
  'What Would You Do? is a show.',
  '[REC] is a horror film of 2007.',
  '[drama]',
  '4',
  '★★★★☆',
  '{"tags": ["error", "comedy"]}',
])('%j is one', (text) => {
  expect(codeOf(result(text))).toBe(text);
});

test('the error holds the answer, which was paid for, and says what to do', () => {
  const read = readAnswer(result('A slow film abo', 'length'));
  expect(read).toMatchObject({ ok: false, error: { text: 'A slow film abo', isRetryable: true } });
  expect(!read.ok && read.error.message).toMatch(/maxTokens/);
});
