import { expect, test } from 'vitest';
import { readTextTokens, wordTokens } from '../../src/index.js';

const TEXT = "likes Sci-Fi, Children's (old); dislikes nothing";

test('texts of known words come back as they were', () => {
  const tokens = wordTokens([TEXT]);
  expect(tokens.decode(tokens.encode(TEXT))).toBe(TEXT);
  expect(tokens.encode('Sci-Fi')).toHaveLength(1);
  expect(tokens.size).toBe(3 + 10);
});

test('unknown words are one token, and end and padding give no text', () => {
  const tokens = wordTokens(['a b']);
  expect(tokens.decode([...tokens.encode('a z'), tokens.end as number, tokens.padding])).toBe('a \u{FFFD}');
});

test('the most frequent words are kept, and the order depends on nothing else', () => {
  const tokens = wordTokens(['b a b', 'c'], { maxWords: 2 });
  expect(tokens.decode(tokens.encode('a b c'))).toBe('a b \u{FFFD}');
  expect(wordTokens(['c', 'b b a']).id).toBe(wordTokens(['b a b', 'c']).id);
  expect(() => wordTokens(['a'], { minCount: 2 })).toThrow(/2 times/);
});

test('a vocabulary is rebuilt from its files', async () => {
  const tokens = wordTokens([TEXT]);
  const again = await readTextTokens('there', { files: tokens.files() });
  expect(again.id).toBe(tokens.id);
  expect(again.encode(TEXT)).toEqual(tokens.encode(TEXT));
  await expect(readTextTokens('there', { files: {} })).rejects.toThrow(/files of a vocabulary/);
  await expect(readTextTokens('there', { files: { 'words.json': '{}' } })).rejects.toThrow(/a list of words/);
});
