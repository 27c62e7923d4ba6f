import { describe, expect, test } from 'vitest';
import { answerText } from '../../src/structured/answer-text.js';
import { findJson } from '../../src/structured/find-json.js';
import { unusableText } from '../../src/structured/read-answer.js';
import { listEntry, readList } from '../../src/structured/read-list.js';

/** Texts that small models repeat until the limit, and some that regular expressions trip over. */
const PIECES = [
  ' ',
  '\n',
  '. ',
  ', ',
  '"',
  '`',
  '*',
  '_',
  '(',
  '<think>',
  '4 ',
  'a:',
  '- ',
  '1. ',
  '```',
  '{"a":',
];

describe('answers that repeat one piece half a million times', () => {
  // Whoever reads them in quadratic time does not end within the limit of a test.
  test.each(PIECES)('%j', (piece) => {
    const text = `a${piece.repeat(500_000 / piece.length)}b`;
    expect(answerText(text).text.length).toBeLessThanOrEqual(text.length);
    expect(listEntry(text).length).toBeLessThanOrEqual(text.length);
    expect(readList(text).join('').length).toBeLessThanOrEqual(text.length);
    expect(unusableText(text)).toBeUndefined();
    expect(findJson(text).ok).toBe(false);
  });
});
