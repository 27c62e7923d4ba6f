import { describe, expect, test } from 'vitest';
import { itemFiles, savedItems, savedJson, savedTexts } from '../src/index.js';

/** An artifact's files from texts. */
const artifact = (files: Readonly<Record<string, string>>) => ({
  files: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])),
});
const about = (received: string) => expect.objectContaining({ code: 'artifact', received });

describe('ids in an artifact', () => {
  test('come back in their order, whatever they are made of', () => {
    const ids = ['tt1', 'é "quoted"', '', '0'];
    const saved = artifact({ ...itemFiles(ids), ...itemFiles(['u'], 'users.json') });
    expect([...savedItems('dir', saved)]).toEqual(ids);
    const users = savedItems('dir', saved, 'users.json', 'user');
    expect([[...users], users.what]).toEqual([['u'], 'user']);
  });

  test.each([
    ['{}', 'something else'],
    ['["a", 5]', 'number at position 1'],
    ['["a", null]', 'object at position 1'],
    ['["a", "b", "a"]', '"a" at positions 0 and 2'],
    ['["a"', 'something else'],
  ])('are refused as %s', (text, received) => {
    expect(() => savedItems('dir', artifact({ 'items.json': text }))).toThrow(about(received));
  });

  test('are refused where there is no such file, even one named like what every object has', () => {
    expect(() => savedItems('dir', artifact({}))).toThrow(about('no such file'));
    expect(() => savedJson('dir', artifact({}), 'constructor')).toThrow(about('no such file'));
  });
});

test('a list of texts is as long as it has to be', () => {
  const saved = artifact({ 'texts.json': '["a", "b"]' });
  expect(savedTexts('dir', saved, 'texts.json', 'texts', 2)).toEqual(['a', 'b']);
  expect(() => savedTexts('dir', saved, 'texts.json', 'texts', 3)).toThrow(about('2 entries'));
});
